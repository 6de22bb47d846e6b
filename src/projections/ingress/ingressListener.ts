import { downstreamTlsJson, httpAlpn, tlsInspector } from '../downstreamTls.ts'
import { outboundHttpFilters } from '../httpFilters.ts'
import type { JsonObject } from '../json.ts'
import { listenerJson, listenerName } from '../listeners.ts'
import { httpConnectionManagerJson, routesOverAds } from '../networkFilters.ts'
import type { IngressPlace } from '../slice.ts'
import { defaultIngressPort } from './ingressHost.ts'
import type { Certificate } from './serverNames.ts'

/** The listener of an ingress proxy for the rules of `port`: in plain text, or with `certificates` over TLS and not
 *  otherwise. It names no rule: with every change of the smallest one
 *  Envoy would replace it and close the connections of all. */
export const ingressListenerJson = (listener: {
  readonly port: number
  readonly place: IngressPlace
  readonly accessLog: string
  readonly certificates: readonly Certificate[]
}): JsonObject => {
  const plain = listenerJson({
    name: listenerName('0.0.0.0', listener.port),
    address: listener.place.address,
    port: listener.port === defaultIngressPort ? listener.place.port : listener.port,
    direction: 'INBOUND',
    bind: true,
    filters: [
      httpConnectionManagerJson({
        statPrefix: `ingress_${listener.port}`,
        routes: routesOverAds(String(listener.port)),
        httpFilters: outboundHttpFilters,
        accessLog: listener.accessLog,
        websocket: false,
        edge: true,
      }),
    ],
  })
  const { certificates } = listener
  if (certificates.length === 0) return plain
  return {
    ...plain,
    listener_filters: [tlsInspector],
    filter_chains: certificates.flatMap(({ secret, serverNames }) =>
      plain.filter_chains.map((chain) => ({
        ...chain,
        filter_chain_match: {
          transport_protocol: 'tls',
          ...(serverNames.length === 0 ? {} : { server_names: serverNames }),
        },
        transport_socket: downstreamTlsJson({ secret, alpn: httpAlpn }),
      })),
    ),
  }
}
