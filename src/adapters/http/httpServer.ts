import type { AddressInfo } from 'node:net'
import type { Controller } from '../../ports.ts'
import { type HttpAppOptions, httpApp } from './httpApp.ts'

export type HttpServerOptions = Omit<HttpAppOptions, 'stop'> & {
  /** 0: a free one. */
  readonly port: number
  /** Requests under way at `close` may take so long; then their connections are cut. */
  readonly drainMs?: number
}

export type HttpServer = {
  /** `http://127.0.0.1:8080`, `https://…` over TLS: where it listens. */
  readonly url: string
  readonly port: number
  /** Ends streams and waits, lets other requests finish within `drainMs`, and stops listening. */
  close(): Promise<void>
}

/** Serves `controller` over HTTP. Rejects when the address cannot be listened on. */
export const httpServer = async (controller: Controller, options: HttpServerOptions): Promise<HttpServer> => {
  const { host, port, drainMs = 5000 } = options
  const stop = new AbortController()
  const app = await httpApp(controller, { ...options, stop: stop.signal })
  await app.listen({ host, port })
  const address = app.server.address() as AddressInfo
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${name}:${address.port}`,
    port: address.port,
    close: async () => {
      stop.abort()
      const cut = setTimeout(() => app.server.closeAllConnections(), drainMs)
      await app.close()
      clearTimeout(cut)
    },
  }
}
