import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js'
import type { XdsStream } from '../../ports.ts'
import { openCall } from './openCall.ts'
import { clearStaleSocket, restrictSocket } from './unixSocket.ts'
import type { XdsServerCounters } from './xdsServerCounters.ts'
import { defaultXdsServerLimits, type XdsServerLimits } from './xdsServerLimits.ts'
import { xdsMethods, xdsServiceDefinition } from './xdsServices.ts'

/** Where and how to serve. */
export type XdsServerOptions = {
  /** A TCP address (port 0: any free one), or the path of a Unix socket that only this user may open. */
  readonly listen: { readonly host: string; readonly port: number } | { readonly path: string }
  /** TLS; plaintext without. */
  readonly credentials?: ServerCredentials
  /** Takes each new stream; must name its listener before it returns. */
  readonly onStream: (stream: XdsStream) => void
  readonly limits?: XdsServerLimits
}

/** A gRPC server that answers ADS, CDS, EDS, LDS and RDS, each in state of the world and delta. */
export type XdsServer = {
  /** The bound TCP port; 0 on a Unix socket. */
  readonly port: number
  readonly counters: Readonly<XdsServerCounters>
  /** Ends every stream with UNAVAILABLE and gives up the address; what does not end in time is cut off. */
  close(): Promise<void>
}

/** Binds and serves. Rejects when the address cannot be bound; a socket file that nobody listens on is replaced. */
export const xdsServer = async (options: XdsServerOptions): Promise<XdsServer> => {
  const limits = options.limits ?? defaultXdsServerLimits
  const server = new Server({
    'grpc.max_receive_message_length': limits.maxRequestBytes,
    'grpc.max_send_message_length': -1,
    'grpc.keepalive_time_ms': limits.keepaliveMs,
    'grpc.keepalive_timeout_ms': limits.keepaliveTimeoutMs,
    'grpc.max_concurrent_streams': limits.maxStreams,
  })
  const counters = {
    streams: 0,
    opened: 0,
    refused: 0,
    requests: 0,
    responses: 0,
    sentBytes: 0,
    malformed: 0,
    overflowed: 0,
  }
  const open = new Set<XdsStream>()
  const handlers = xdsMethods.map((method) => {
    const handle = (call: ServerDuplexStream<Buffer, Buffer>): void => {
      if (counters.streams >= limits.maxStreams) {
        counters.refused += 1
        call.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'too many streams' })
        return
      }
      const stream = openCall(call, method, limits, counters, () => open.delete(stream))
      open.add(stream)
      options.onStream(stream)
    }
    return [method.path, handle] as const
  })
  server.addService(xdsServiceDefinition, Object.fromEntries(handlers))
  const port = await bind(server, options)
  return { port, counters, close: () => shutDown(server, open, limits.closeWaitMs) }
}

const bind = async (server: Server, { listen, credentials }: XdsServerOptions): Promise<number> => {
  const path = 'path' in listen ? listen.path : undefined
  if (path !== undefined) await clearStaleSocket(path)
  const address = 'path' in listen ? `unix:${listen.path}` : `${bracketed(listen.host)}:${listen.port}`
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials ?? ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  if (path === undefined) return port
  await restrictSocket(path)
  return 0
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host)

const shutDown = (server: Server, open: ReadonlySet<XdsStream>, waitMs: number): Promise<void> =>
  new Promise((resolve) => {
    const cut = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, waitMs)
    for (const stream of [...open]) stream.end({ code: status.UNAVAILABLE, message: 'the server shuts down' })
    server.tryShutdown(() => {
      clearTimeout(cut)
      resolve()
    })
  })
