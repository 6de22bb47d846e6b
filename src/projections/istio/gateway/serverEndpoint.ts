import { durationMs } from '../../../model/duration.ts'
import type { GatewayServer } from '../../../model/istio/gateway.ts'
import { inboundCluster } from '../../clusters/clusterName.ts'
import { inboundClusterJson } from '../../clusters/clusters.ts'
import { xdsResource } from '../../encoded.ts'
import { localEndpoint } from '../../listeners/localEndpoint.ts'
import { type Provenance, ruleText } from '../../provenance.ts'
import type { Registry } from '../../registry/registry.ts'
import type { HttpRoute, WeightedDestination } from '../../routes/httpRoute.ts'
import type { ClusterPart } from '../../views/slice.ts'
import { spokenProtocol } from '../compileServiceEntry.ts'

/** Where a server sends what no rule bound to its Gateway takes, on each proxy's own machine. */
export type ServerEndpoint = { readonly destination: WeightedDestination; readonly cluster: ClusterPart }

/** The `defaultEndpoint` of `server`, which Gateway `rule` has; `undefined` where it names none. */
export const serverEndpoint = (
  { defaultEndpoint, port: { number, protocol } }: GatewayServer,
  rule: Provenance,
  registry: Registry,
): ServerEndpoint | undefined => {
  if (defaultEndpoint === undefined) return undefined
  const cluster = `${inboundCluster(number)}${defaultEndpoint}`
  const json = inboundClusterJson({
    port: number,
    name: cluster,
    apps: [localEndpoint(defaultEndpoint, '127.0.0.1')],
    protocol: protocol === 'HTTPS' ? 'HTTP' : (spokenProtocol(protocol) ?? 'TCP'),
    connectTimeoutMs: durationMs(registry.settings().connectTimeout) ?? 1000,
    rule,
  })
  const place = { hostname: '', port: number, labels: {} }
  return {
    destination: { ...place, cluster, weight: 100 },
    cluster: {
      ...place,
      resource: xdsResource('clusters', cluster, json, [rule]),
      namespace: '',
      eds: false,
    },
  }
}

/** The route to it for requests that no other takes. */
export const endpointRoute = ({ destination }: ServerEndpoint, rule: Provenance): HttpRoute => ({
  name: ruleText(rule),
  rule,
  precedence: 0,
  match: { headers: [], query: [] },
  action: { kind: 'forward', destinations: [destination] },
  timeoutMs: 0,
  mirrors: [],
  websocket: false,
})
