import { noLabels, outboundCluster } from '../clusters/clusterName.ts'
import type { Provenance } from '../provenance.ts'
import type { HttpRoute } from './httpRoute.ts'

/** Envoy's own limit for an answer, and the documented default of 2017's `simpleTimeout`. */
export const defaultTimeoutMs = 15_000

/** The route to all endpoints of a service for requests that no rule takes; `rule` is the service itself. */
export const defaultRoute = (hostname: string, port: number, rule: Provenance): HttpRoute => ({
  name: 'default',
  rule,
  precedence: 0,
  match: { headers: [], query: [] },
  action: {
    kind: 'forward',
    destinations: [
      { hostname, port, labels: noLabels, cluster: outboundCluster(port, '', hostname), weight: 100 },
    ],
  },
  timeoutMs: defaultTimeoutMs,
  mirrors: [],
  websocket: false,
})
