import type { GatewayServer } from '../../../model/istio/gateway.ts'
import type { Stored } from '../../../model/mesh.ts'
import { clusterPart } from '../../clusters/clusterPart.ts'
import type { TcpPort } from '../../connections/outboundTcpPorts.ts'
import { forwardByAuthorityFilters } from '../../egress/forwardByAuthority.ts'
import { serverName } from '../../ingress/serverName.ts'
import { type ConnectionChain, upToAll } from '../../listeners/connectionChain.ts'
import { outboundHttpFilters } from '../../listeners/httpFilters.ts'
import { httpConnectionManagerJson, routesOverAds } from '../../listeners/networkFilters.ts'
import { type Provenance, provenanceOf } from '../../provenance.ts'
import type { Registry } from '../../registry/registry.ts'
import type { ClusterPart, Slice, SliceVariant } from '../../views/slice.ts'
import { isExportedTo } from '../callerCondition.ts'
import { connectionFilters } from '../connectionFilters.ts'
import { type ConnectionRoute, connectionRoutes } from '../connectionRoutes.ts'
import { gatewayTable } from './gatewayTable.ts'
import { listeningPort } from './listeningPort.ts'
import { type ServerEndpoint, serverEndpoint } from './serverEndpoint.ts'
import { bothHosts, serverHosts } from './serverHosts.ts'
import { serverKind } from './serverKind.ts'
import { type EndedTls, serverTls } from './serverTls.ts'

type Server = {
  readonly server: GatewayServer
  readonly key: string
  readonly i: number
  readonly rule: Provenance
}

/** What the Gateway of this `namespace/name` adds to the configuration of proxies of this variant: its servers'
 *  listeners, and where they pass connections on to. What is routed by request is in slices of its hosts. */
export const gatewaySlice = (key: string, variant: SliceVariant, registry: Registry): Slice | undefined => {
  const gateway = registry.istio.gateway(key)
  if (gateway === undefined) return undefined
  const clusters = new Map<string, ClusterPart>()
  const tables = new Set<string>()
  const secrets = new Set<string>()
  const tcpPorts: TcpPort[] = []
  gateway.resource.spec.servers.forEach((server, i) => {
    const at: Server = { server, key, i, rule: provenanceOf(gateway) }
    const made = chainsOf(at, gateway, variant, registry)
    if (made.chains.length === 0) return
    tcpPorts.push({ address: server.bind ?? '0.0.0.0', port: listeningPort(server), chains: made.chains })
    for (const secret of made.secrets) secrets.add(secret)
    if (made.table !== undefined) tables.add(made.table)
    if (made.endpoint !== undefined) clusters.set(made.endpoint.destination.cluster, made.endpoint.cluster)
    for (const { destinations, rule } of made.routes)
      for (const destination of destinations)
        if (!clusters.has(destination.cluster))
          clusters.set(destination.cluster, clusterPart(destination, rule, variant, registry))
  })
  return {
    owner: key,
    variantKey: '',
    clusters: [...clusters.values()],
    virtualHosts: [],
    tcpPorts,
    httpPorts: [],
    tables: [...tables],
    secrets: [...secrets],
  }
}

type Made = {
  readonly chains: readonly ConnectionChain[]
  readonly secrets: readonly string[]
  readonly table?: string
  readonly routes: readonly ConnectionRoute[]
  readonly endpoint?: ServerEndpoint
}

const nothing: Made = { chains: [], secrets: [], routes: [] }

const chainsOf = (
  at: Server,
  gateway: Stored<'Gateway'>,
  variant: SliceVariant,
  registry: Registry,
): Made => {
  const kind = serverKind(at.server)
  if (kind.kind === 'none') return nothing
  const { accessLog } = registry.settings()
  const tls =
    kind.kind === 'passthrough' || !kind.tls
      ? undefined
      : serverTls(at.server.tls ?? {}, { namespace: variant.namespace, http: kind.kind === 'http' })
  if (kind.kind !== 'passthrough' && kind.tls && tls === undefined) return nothing
  const ended: Pick<ConnectionChain, 'serverNames' | 'ended'> =
    tls === undefined
      ? { serverNames: [] }
      : { serverNames: serverNamesOf(at.server, gateway), ended: tls.socket }
  const secrets = tls?.secrets ?? []
  const name = chainName(at.server)
  if (kind.kind === 'http') {
    const table = gatewayTable(at.key, at.i, at.server)
    const chain = {
      name,
      ...ended,
      subnets: [],
      filters: requests(table, at.server, tls?.callers, accessLog),
      table,
      clusters: [],
      rule: at.rule,
    }
    return { chains: [chain], secrets, table, routes: [] }
  }
  const passed = kind.kind === 'passthrough'
  const endpoint = serverEndpoint(at.server, at.rule, registry)
  const routes = [
    ...routesAt(at, gateway, passed, variant, registry),
    ...(endpoint === undefined
      ? []
      : [routeTo(endpoint, passed ? serverNamesOf(at.server, gateway) : [], at.rule)]),
  ]
  const protocol = kind.kind === 'tcp' ? kind.protocol : 'HTTPS'
  const chains = routes.map(
    (route): ConnectionChain => ({
      name,
      ...(tls === undefined ? { serverNames: route.serverNames } : ended),
      subnets: route.subnets,
      ...(route.sources && { sources: route.sources }),
      ...(route.inOrder && { inOrder: route.inOrder }),
      filters: connectionFilters(route, { protocol, accessLog, port: at.server.port.number }),
      clusters: route.destinations.map(({ cluster }) => cluster),
      rule: at.rule,
    }),
  )
  return { chains: upToAll(chains), secrets, routes, ...(endpoint && { endpoint }) }
}

const routeTo = (
  { destination }: ServerEndpoint,
  serverNames: readonly string[],
  rule: Provenance,
): ConnectionRoute => ({ serverNames, subnets: [], destinations: [destination], rule })

const chainName = ({ name, port }: GatewayServer): string =>
  name === undefined ? port.name : `${name}/${port.name}`

const requests = (
  table: string,
  { port }: GatewayServer,
  callers: EndedTls['callers'],
  accessLog: string,
) => [
  httpConnectionManagerJson({
    statPrefix: `gateway_${port.number}`,
    routes: routesOverAds(table),
    httpFilters: [...forwardByAuthorityFilters, ...outboundHttpFilters],
    accessLog,
    websocket: false,
    edge: true,
    callers,
  }),
]

/** The names in TLS by which callers ask for `server`; none: by whatever. */
const serverNamesOf = (server: GatewayServer, { resource }: Stored<'Gateway'>): readonly string[] => {
  const names = serverHosts(server, resource.metadata.namespace).map(({ host }) => serverName(host))
  return names.includes(undefined) ? [] : [...new Set(names as readonly string[])]
}

/** Where connections to a server go, by the rules bound to its Gateway whose hosts it has, by key. */
const routesAt = (
  { server, key }: Server,
  { resource: { metadata } }: Stored<'Gateway'>,
  passesTls: boolean,
  variant: SliceVariant,
  registry: Registry,
): readonly ConnectionRoute[] => {
  const hosts = serverHosts(server, metadata.namespace)
  return registry.istio.gatewayRules(key).flatMap((rule) => {
    const { namespace } = rule.resource.metadata
    if (!isExportedTo(rule.resource.spec.exportTo, namespace, variant)) return []
    const own = registry.istio.hostsOf(rule)
    const has = hosts.some(
      (one) =>
        (one.namespace ?? namespace) === namespace &&
        own.some((host) => bothHosts(one.host, host) !== undefined),
    )
    if (!has) return []
    const place = { gateways: new Set([key]), port: server.port.number, caller: variant }
    return connectionRoutes(rule, place, { passesTls }, registry)
  })
}
