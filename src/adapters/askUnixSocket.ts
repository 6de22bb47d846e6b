import { request } from 'node:http'

/** The body that an HTTP server on a Unix socket answers, asked on a connection of its own. Rejects when it cannot be
 *  reached within `limitMs`, or answers another status than 200. */
export const askUnixSocket = (
  socketPath: string,
  path: string,
  method: 'GET' | 'POST' = 'GET',
  limitMs = 10_000,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath, path, method, agent: false, timeout: limitMs }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        body += chunk
      })
      response.on('error', reject)
      response.on('end', () => {
        if (response.statusCode === 200) resolve(body)
        else reject(new Error(`${path} answered ${response.statusCode}: ${body.slice(0, 200)}`))
      })
    })
    asked.on('timeout', () =>
      asked.destroy(new Error(`${socketPath}${path} did not answer in ${limitMs} ms`)),
    )
    asked.on('error', reject)
    asked.end()
  })
