import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import type { Registry } from 'prom-client'

export type AgentServerOptions = {
  readonly host: string
  /** 0: a free one. */
  readonly port: number
  readonly metrics: Registry
  /** Whether the Envoy takes traffic, and a sentence that says how things stand. */
  readonly ready: () => { readonly ready: boolean; readonly standing: string }
}

/** Serves `/healthz` (the process lives), `/readyz` (its Envoy takes traffic) and `/metrics` of an agent. Rejects when
 *  the address cannot be listened on. Node's own server does: with fastify every agent would weigh 10 MB more. */
export const agentServer = async (
  options: AgentServerOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const { host, port, metrics, ready } = options
  const answers: Readonly<Record<string, () => Answer | Promise<Answer>>> = {
    '/healthz': () => ({ status: 200, body: 'ok\n' }),
    '/readyz': () => {
      const now = ready()
      return { status: now.ready ? 200 : 503, body: `${now.standing}\n` }
    },
    '/metrics': async () => ({ status: 200, body: await metrics.metrics(), type: metrics.contentType }),
  }
  const server = createServer((request, response) => {
    const answer = answers[(request.url ?? '').replace(/\?.*/, '')]
    if (answer === undefined) return send(response, { status: 404, body: 'not found\n' })
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(response, { status: 405, body: 'only GET and HEAD\n' })
    Promise.resolve(answer()).then(
      (made) => send(response, made),
      (error: Error) => send(response, { status: 500, body: `${error.message}\n` }),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${name}:${address.port}`,
    close: async () => {
      const closed = promisify(server.close.bind(server))()
      server.closeAllConnections()
      await closed
    },
  }
}

type Answer = { readonly status: number; readonly body: string; readonly type?: string }

const send = (
  response: ServerResponse,
  { status, body, type = 'text/plain; charset=utf-8' }: Answer,
): void => {
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body)
}
