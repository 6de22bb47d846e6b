import type { Protocol, ServicePort } from '../model/service.ts'

const byPrefix: ReadonlyMap<string, Protocol> = new Map([
  ['grpc', 'GRPC'],
  ['http', 'HTTP'],
  ['http2', 'HTTP2'],
  ['https', 'HTTPS'],
  ['mongo', 'Mongo'],
  ['redis', 'Redis'],
])

/** What `port` speaks: as it says, else by its name up to the first `-` (`http-web`), else TCP (`httptest`). */
export const protocolOf = (port: ServicePort): Protocol =>
  port.protocol ?? byPrefix.get(port.name.split('-', 1)[0] ?? '') ?? 'TCP'

/** True for what is routed by request; the rest is routed by connection. */
export const isHttp = (protocol: Protocol): boolean =>
  protocol === 'HTTP' || protocol === 'HTTP2' || protocol === 'GRPC'
