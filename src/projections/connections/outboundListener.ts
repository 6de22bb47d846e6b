import { byCodeUnit } from '../../model/resourceName.ts'
import { anyAddress, anyAddressJson } from '../anyAddress.ts'
import { passthroughClusterName, undeclaredClusterName } from '../clusters/clusters.ts'
import { forwardByAuthorityFilters } from '../egress/forwardByAuthority.ts'
import type { JsonObject } from '../json.ts'
import {
  type ConnectionChain,
  chainMatchJson,
  chainsApart,
  takesEveryConnection,
} from '../listeners/connectionChain.ts'
import { tlsInspector } from '../listeners/downstreamTls.ts'
import { outboundHttpFilters } from '../listeners/httpFilters.ts'
import { listenerJson, listenerName } from '../listeners/listeners.ts'
import { httpConnectionManagerJson, routesOverAds, tcpFiltersJson } from '../listeners/networkFilters.ts'
import type { Provenance } from '../provenance.ts'
import { connectionMatcherJson, connectionPredicateJson, httpPredicateJson } from './connectionMatcher.ts'

/** What an outbound listener is made of: whoever wants connections to its address and port. */
export type OutboundListener = {
  readonly address: string
  readonly port: number
  /** Of a place of a Sidecar's egress its own name, and its route configuration's; absent: by address and port, and by
   *  port. */
  readonly name?: string
  /** The smallest of those who want it. */
  readonly rule: Omit<Provenance, 'position'>
  /** True: HTTP services are called at it, by the route configuration of its port. */
  readonly http: boolean
  /** True: some requests go where their authority says. */
  readonly byAuthority: boolean
  /** The first goes first. */
  readonly chains: readonly ConnectionChain[]
  /** Connections are captured and know where they were going; or come to what the proxy has bound, from the workload
   *  beside it or, at a router, from elsewhere. */
  readonly come: 'captured' | 'fromWorkload' | 'fromElsewhere'
  /** Connections to IPv6 addresses are captured too. */
  readonly ipv6?: boolean
  readonly undeclaredOutbound: 'passthrough' | 'refuse'
  readonly accessLog: string
}

type Filters = readonly JsonObject[]

/** The listener, and the clusters that its connections go to. Connections that a chain's conditions tell apart go where
 *  it says. Of the rest HTTP is told from other protocols by what comes first; several services that nothing tells apart
 *  share them by letting each go where it was going, which is an instance of one of them; where that is not known, at
 *  a router or behind one virtual IP, the smallest has them. What is nobody's goes on, or is closed. */
export const outboundListenerJson = (
  listener: OutboundListener,
): { readonly json: JsonObject; readonly clusters: readonly string[] } => {
  const { chains, http } = listener
  const conditional = chains.filter((chain) => !takesEveryConnection(chain))
  const rest = restOf(chains.filter(takesEveryConnection), listener)
  const ordered = conditional.some(({ inOrder }) => inOrder)
  const apart = ordered ? conditional : chainsApart(conditional)
  const json = {
    ...listenerJson({
      name: listener.name ?? listenerName(listener.address, listener.port),
      address: listener.address,
      port: listener.port,
      direction: listener.come === 'fromElsewhere' ? 'INBOUND' : 'OUTBOUND',
      bind: listener.come !== 'captured',
      filters: [],
      rule: listener.rule,
    }),
    ...(listener.address === anyAddress && listener.come === 'captured'
      ? anyAddressJson(listener.port, listener.ipv6 ?? false)
      : {}),
    ...listenerFiltersJson(apart, http && rest !== undefined),
    ...(ordered ? inOrder : bySpecificity)(
      apart,
      rest?.filters,
      http ? httpFilters(listener) : undefined,
      rest === undefined && !http ? undeclaredFilters(listener) : undefined,
    ),
  }
  const all = rest === undefined ? apart : [...apart, rest]
  const clusters = all.flatMap((one) => one.clusters)
  return { json, clusters: clusters.length < 2 ? clusters : [...new Set(clusters)].sort(byCodeUnit) }
}

const restOf = (
  open: readonly ConnectionChain[],
  { come, address, accessLog }: OutboundListener,
): Pick<ConnectionChain, 'filters' | 'clusters'> | undefined => {
  if (open.length <= 1 || come !== 'captured' || address !== anyAddress) return open[0]
  const cluster = passthroughClusterName
  return { filters: toCluster(cluster, accessLog), clusters: [cluster] }
}

// What was not captured was going nowhere else.
const undeclaredFilters = (listener: OutboundListener): Filters | undefined =>
  listener.come === 'captured'
    ? toCluster(undeclaredClusterName(listener.undeclaredOutbound), listener.accessLog)
    : undefined

const toCluster = (cluster: string, accessLog: string): Filters =>
  tcpFiltersJson({ statPrefix: cluster, protocol: 'TCP', cluster, accessLog })

const httpFilters = ({ name, port, accessLog, come, byAuthority }: OutboundListener): Filters => [
  httpConnectionManagerJson({
    statPrefix: `outbound_${name ?? port}`,
    routes: routesOverAds(name ?? String(port)),
    httpFilters: byAuthority ? [...forwardByAuthorityFilters, ...outboundHttpFilters] : outboundHttpFilters,
    accessLog,
    websocket: false,
    edge: come === 'fromElsewhere',
  }),
]

const listenerFiltersJson = (chains: readonly ConnectionChain[], sniffed: boolean): JsonObject => {
  const named = chains.some(({ serverNames }) => serverNames.length > 0)
  const filters = [...(named ? [tlsInspector] : []), ...(sniffed ? [httpInspector] : [])]
  return {
    ...(filters.length === 0 ? {} : { listener_filters: filters }),
    // What lets the server speak first says nothing for a while.
    ...(sniffed ? { listener_filters_timeout: '5s', continue_on_listener_filters_timeout: true } : {}),
  }
}

const httpInspector: JsonObject = {
  name: 'envoy.filters.listener.http_inspector',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.listener.http_inspector.v3.HttpInspector',
  },
}

const bySpecificity = (
  chains: readonly ConnectionChain[],
  rest: Filters | undefined,
  http: Filters | undefined,
  undeclared: Filters | undefined,
): JsonObject => {
  const conditional = chains.map((chain) => ({
    filter_chain_match: chainMatchJson(chain),
    filters: chain.filters,
  }))
  if (http === undefined) {
    const open = rest === undefined ? [] : [{ filters: rest }]
    return { filter_chains: [...conditional, ...open], ...otherwise(undeclared) }
  }
  // What TLS offers to speak within it is not meant.
  const spoken = {
    filter_chain_match: {
      transport_protocol: 'raw_buffer',
      application_protocols: ['http/1.0', 'http/1.1', 'h2c'],
    },
  }
  return {
    filter_chains: [...conditional, { ...(rest === undefined ? {} : spoken), filters: http }],
    ...otherwise(rest),
  }
}

/** Rules are tried one after the other, which matches by specificity would not do. */
const inOrder = (
  chains: readonly ConnectionChain[],
  rest: Filters | undefined,
  http: Filters | undefined,
  undeclared: Filters | undefined,
): JsonObject => {
  const named = chains.map((chain, i) => ({ name: `${i + 1}`, chain }))
  const byHttp = http !== undefined && rest !== undefined
  return {
    filter_chains: [
      ...(byHttp ? [{ name: 'http', filters: http }] : []),
      ...named.map(({ name, chain: { filters } }) => ({ name, filters })),
    ],
    filter_chain_matcher: connectionMatcherJson([
      ...(byHttp ? [{ name: 'http', predicate: httpPredicateJson }] : []),
      ...named.map(({ name, chain }) => ({ name, predicate: connectionPredicateJson(chain) })),
    ]),
    ...otherwise(rest ?? http ?? undeclared),
  }
}

const otherwise = (filters: Filters | undefined): JsonObject =>
  filters === undefined ? {} : { default_filter_chain: { filters } }
