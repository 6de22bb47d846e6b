import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
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
 *  the address cannot be listened on. */
export const agentServer = async (
  options: AgentServerOptions,
): Promise<{ readonly url: string; close(): Promise<void> }> => {
  const { host, port, metrics, ready } = options
  const app = Fastify({ forceCloseConnections: true })
  app.get('/healthz', async (_, reply) => reply.type(text).send('ok\n'))
  app.get('/readyz', async (_, reply) => {
    const now = ready()
    return reply
      .code(now.ready ? 200 : 503)
      .type(text)
      .send(`${now.standing}\n`)
  })
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.metrics()))
  await app.listen({ host, port })
  const address = app.server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return { url: `http://${name}:${address.port}`, close: async () => app.close() }
}

const text = 'text/plain; charset=utf-8'
