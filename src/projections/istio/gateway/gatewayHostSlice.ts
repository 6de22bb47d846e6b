import { isRight } from 'fp-ts/lib/Either.js'
import type { GatewayServer } from '../../../model/istio/gateway.ts'
import type { Stored } from '../../../model/mesh.ts'
import { clustersOf } from '../../clusters/clustersOf.ts'
import { edgeVirtualHost } from '../../ingress/edgeVirtualHost.ts'
import { type Provenance, provenanceOf } from '../../provenance.ts'
import type { Registry } from '../../registry/registry.ts'
import { encodedRoute } from '../../routes/encodedRoute.ts'
import type { HttpRoute } from '../../routes/httpRoute.ts'
import { upToCatchAll } from '../../routes/upToCatchAll.ts'
import type { ClusterPart, Slice, SliceVariant } from '../../views/slice.ts'
import { isExportedTo } from '../callerCondition.ts'
import { requestRoutes } from '../compileVirtualService.ts'
import { hostPatterns } from '../hostPatterns.ts'
import { boundGateways } from '../routePlace.ts'
import { withHashes } from '../trafficFor.ts'
import { gatewayTable } from './gatewayTable.ts'
import { endpointRoute, serverEndpoint } from './serverEndpoint.ts'
import { bothHosts, type ServerHost, serverHosts } from './serverHosts.ts'
import { serverKind } from './serverKind.ts'

/** A route configuration, and the servers of Gateways whose hosts it may hold. */
type Table = {
  readonly name: string
  readonly port: number
  readonly servers: {
    readonly key: string
    readonly hosts: readonly ServerHost[]
    readonly toTls: boolean
    readonly server: GatewayServer
    readonly rule: Provenance
  }[]
}

/** What the VirtualServices for `host` add to the configuration of proxies of this variant, by the servers of its
 *  Gateways that have the host: of several rules the one with the more specific host is tried first, then the smaller
 *  key. `undefined` when none has. */
export const gatewayHostSlice = (
  host: string,
  variant: SliceVariant,
  registry: Registry,
): Slice | undefined => {
  const allRoutes: HttpRoute[] = []
  const virtualHosts: Slice['virtualHosts'][number][] = []
  const endpoints = new Map<string, ClusterPart>()
  for (const table of tablesOf(variant, registry)) {
    const routes = routesOf(host, table, variant, registry)
    const own = table.servers.filter(({ hosts }) => hosts.some((one) => bothHosts(one.host, host) === host))
    const toTls = own.length > 0 && own.every((server) => server.toTls)
    const isOwn = own.some(({ hosts }) => hosts.some((one) => one.host === host))
    const end = own
      .map(({ server, rule }) => ({ rule, endpoint: serverEndpoint(server, rule, registry) }))
      .find(({ endpoint }) => endpoint !== undefined)
    if (routes.length === 0 && !(isOwn && (toTls || end !== undefined))) continue
    allRoutes.push(...routes)
    const rules = own.map(({ rule }) => rule)
    const more = toTls ? { require_tls: 'ALL' } : {}
    const all =
      end?.endpoint === undefined ? routes : upToCatchAll([...routes, endpointRoute(end.endpoint, end.rule)])
    if (end?.endpoint !== undefined) endpoints.set(end.endpoint.destination.cluster, end.endpoint.cluster)
    const part = edgeVirtualHost({ host, port: table.port }, all, rules, variant, more)
    virtualHosts.push({ table: table.name, part })
  }
  if (virtualHosts.length === 0) return undefined
  return {
    owner: host,
    variantKey: '',
    clusters: [...clustersOf(allRoutes, variant, registry), ...endpoints.values()],
    virtualHosts,
    tcpPorts: [],
    httpPorts: [],
  }
}

const tablesOf = ({ gateways = [] }: SliceVariant, registry: Registry): readonly Table[] => {
  const tables = new Map<string, Table>()
  for (const key of gateways) {
    const gateway = registry.istio.gateway(key)
    const { namespace = '' } = gateway?.resource.metadata ?? {}
    for (const [i, server] of (gateway?.resource.spec.servers ?? []).entries()) {
      if (gateway === undefined || serverKind(server).kind !== 'http') continue
      const name = gatewayTable(key, i, server)
      const table = tables.get(name) ?? { name, port: server.port.number, servers: [] }
      tables.set(name, table)
      table.servers.push({
        key,
        hosts: serverHosts(server, namespace),
        toTls: server.tls?.httpsRedirect === true,
        server,
        rule: provenanceOf(gateway),
      })
    }
  }
  return [...tables.values()]
}

/** Up to the first that takes everything; what Envoy's limits refuse is left out alone. */
const routesOf = (
  host: string,
  table: Table,
  variant: SliceVariant,
  registry: Registry,
): readonly HttpRoute[] => {
  const seen = new Set<Stored<'VirtualService'>>()
  const routes = [...new Set(hostPatterns(host))]
    .flatMap((pattern) =>
      registry.istio.gatewayRulesFor(pattern).flatMap((rule) => {
        if (
          seen.has(rule) ||
          !isExportedTo(rule.resource.spec.exportTo, rule.resource.metadata.namespace, variant)
        )
          return []
        const gateways = boundTo(rule, pattern, host, table)
        if (gateways.size === 0) return []
        seen.add(rule)
        return requestRoutes(rule, { gateways, port: table.port, caller: variant }, registry)
      }),
    )
    .map((route) => withHashes(route, variant, registry))
    .filter((route) => isRight(encodedRoute(route)))
  return upToCatchAll(routes)
}

/** The Gateways by whose servers in `table` the rule, with its host `pattern`, takes requests for `host`. */
const boundTo = (
  { resource }: Stored<'VirtualService'>,
  pattern: string,
  host: string,
  { servers }: Table,
): ReadonlySet<string> => {
  const bound = boundGateways(resource)
  const { namespace } = resource.metadata
  return new Set(
    servers
      .filter(
        ({ key, hosts }) =>
          bound.has(key) &&
          hosts.some(
            (one) => (one.namespace ?? namespace) === namespace && bothHosts(one.host, pattern) === host,
          ),
      )
      .map(({ key }) => key),
  )
}
