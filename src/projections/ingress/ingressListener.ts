import { defaultIngressPort } from '../../model/ingressHost.ts'
import type { JsonObject } from '../json.ts'
import type { ConnectionChain } from '../listeners/connectionChain.ts'
import { downstreamTlsJson, httpAlpn, tlsInspector } from '../listeners/downstreamTls.ts'
import { outboundHttpFilters } from '../listeners/httpFilters.ts'
import { listenerJson, listenerName } from '../listeners/listeners.ts'
import { httpConnectionManagerJson, routesOverAds } from '../listeners/networkFilters.ts'
import type { Provenance } from '../provenance.ts'
import type { IngressPlace } from '../views/slice.ts'
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
    filters: requests(listener),
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

/** The same connections over TLS as chains of a listener that Gateways of `rule` have chains in too. In plain text
 *  they share theirs. */
export const ingressChains = (
  listener: {
    readonly port: number
    readonly accessLog: string
    readonly certificates: readonly Certificate[]
  },
  rule: Provenance,
): readonly ConnectionChain[] =>
  listener.certificates.map(({ secret, serverNames }) => ({
    serverNames,
    subnets: [],
    ended: downstreamTlsJson({ secret, alpn: httpAlpn }),
    filters: requests(listener),
    clusters: [],
    rule,
  }))

const requests = ({ port, accessLog }: { readonly port: number; readonly accessLog: string }) => [
  httpConnectionManagerJson({
    statPrefix: `ingress_${port}`,
    routes: routesOverAds(String(port)),
    httpFilters: outboundHttpFilters,
    accessLog,
    websocket: false,
    edge: true,
  }),
]
