import { isIP } from 'node:net'
import type { ProxyIdentity } from '../model/proxy.ts'
import { type Json, mapAt, mapsAt, textAt } from './json.ts'
import { isWildcard, placeOf } from './placeOf.ts'
import type { SentRequest } from './sentRequest.ts'

/** A connection as Envoy's choice of a filter chain sees it. */
export type SeenConnection = {
  readonly port: number
  /** Where it goes; absent where the request names a host whose address is not known. */
  readonly address?: string
  /** Whom it comes from; absent where only Envoy knows. */
  readonly source?: string
  /** `tls` only where the listener looks at it. */
  readonly transport: 'tls' | 'raw_buffer'
  /** The name in TLS; '' where there is none, or nobody looks. */
  readonly serverName: string
  /** What the client offers to speak, as far as the listener looks at it. */
  readonly protocols: readonly string[]
}

/** The connection of `request` to `listener`. A name goes to the address that the listener has, or else the proxy at the
 *  edge; what a workload sends comes from its own. */
export const seenConnection = (
  listener: Json,
  proxy: ProxyIdentity,
  { host, port, tls }: SentRequest,
): SeenConnection => {
  const own = proxy.type === 'bare' || proxy.ip === '' ? undefined : proxy.ip
  const edge = proxy.type === 'sidecar' ? undefined : own
  const address = isIP(host) !== 0 ? host : isWildcard(listener) ? edge : (placeOf(listener).address ?? edge)
  const sends = proxy.type === 'sidecar' && textAt(listener, 'traffic_direction') !== 'INBOUND'
  const inspects = (name: string): boolean =>
    mapsAt(listener, 'listener_filters').some(
      (filter) => textAt(mapAt(filter, 'typed_config'), '@type') === `${filters}.${name}`,
    )
  const seesTls = tls && inspects('tls_inspector.v3.TlsInspector')
  const seesHttp = !tls && inspects('http_inspector.v3.HttpInspector')
  return {
    port,
    ...(address === undefined ? {} : { address }),
    ...(sends && own !== undefined ? { source: own } : {}),
    transport: seesTls ? 'tls' : 'raw_buffer',
    serverName: seesTls && isIP(host) === 0 ? host : '',
    protocols: seesTls ? ['h2', 'http/1.1'] : seesHttp ? ['http/1.1'] : [],
  }
}

const filters = 'type.googleapis.com/envoy.extensions.filters.listener'
