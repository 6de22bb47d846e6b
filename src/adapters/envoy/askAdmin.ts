import { request } from 'node:http'

/** Where an Envoy's admin listens. */
export type AdminAddress = { readonly host: string; readonly port: number } | { readonly path: string }

/** The body that an Envoy's admin answers, asked on a connection of its own: a kept one may go on reaching an Envoy
 *  that is leaving. Rejects when it cannot be reached within `limitMs`, or answers another status than 200. */
export const askAdmin = (
  admin: AdminAddress,
  path: string,
  method: 'GET' | 'POST' = 'GET',
  limitMs = 10_000,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const where = 'path' in admin ? { socketPath: admin.path } : admin
    const asked = request({ ...where, path, method, agent: false, timeout: limitMs }, (response) => {
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
    asked.on('timeout', () => asked.destroy(new Error(`the admin did not answer ${path} in ${limitMs} ms`)))
    asked.on('error', reject)
    asked.end()
  })
