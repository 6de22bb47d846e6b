import type { Protocol, ServicePort } from '../../model/service.ts'

const byPrefix: ReadonlyMap<string, Protocol> = new Map([
  ['grpc', 'GRPC'],
  ['http', 'HTTP'],
  ['http2', 'HTTP2'],
  ['https', 'HTTPS'],
  ['mongo', 'Mongo'],
  ['redis', 'Redis'],
  ['tcp', 'TCP'],
])

/** What the name of a port says that it speaks, up to the first `-` (`http-web`). */
export const protocolNamed = (name: string): Protocol | undefined => byPrefix.get(name.split('-', 1)[0] ?? '')

/** What `port` speaks: as it says, else its name, else TCP (`httptest`). */
export const protocolOf = (port: ServicePort): Protocol => port.protocol ?? protocolNamed(port.name) ?? 'TCP'

/** True for what is routed by request; the rest is routed by connection. */
export const isHttp = (protocol: Protocol): boolean =>
  protocol === 'HTTP' || protocol === 'HTTP2' || protocol === 'GRPC'
