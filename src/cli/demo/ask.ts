import { type Agent, request } from 'node:http'

export type Asked = {
  readonly host: string
  readonly port: number
  /** Sent as `Host`. */
  readonly authority: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
}

export type Answer = { readonly status: number; readonly body: string }

/** What an HTTP server answers. Rejects when none comes within 5 s. */
export const ask = (agent: Agent, { host, port, authority, path, headers }: Asked): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const options = { agent, host, port, path, headers: { ...headers, host: authority }, timeout: 5_000 }
    const asked = request(options, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('error', reject)
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
    asked.on('timeout', () => asked.destroy(new Error('no answer within 5 s')))
    asked.on('error', reject)
    asked.end()
  })
