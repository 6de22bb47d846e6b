import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:tls'

/** Who calls a place over TLS. */
export type TlsCaller = {
  /** Status and body of the answer to a request to the server `host`, whose certificate is verified. */
  get(host: string): Promise<string>
  /** The name in the certificate that is shown for `host`; what went wrong when there is none. */
  shown(host: string): Promise<string>
}

/** Calls `address`:`port`, trusting the authority whose PEM file is `ca`; each time on a new connection. */
export const tlsCaller = (address: string, port: number, ca: string): TlsCaller => ({
  get: (host) =>
    new Promise((resolve, reject) => {
      const options = { host: address, port, servername: host, headers: { host }, agent: false as const }
      request({ ...options, ca: readFileSync(ca) }, (answer) => {
        let body = ''
        answer.on('data', (chunk) => {
          body += chunk
        })
        answer.on('end', () => resolve(`${answer.statusCode} ${body}`))
      })
        .on('error', reject)
        .end()
    }),
  shown: (host) =>
    new Promise((resolve) => {
      const socket = connect({ host: address, port, servername: host, rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      })
      socket.on('error', ({ message }) => resolve(message))
    }),
})
