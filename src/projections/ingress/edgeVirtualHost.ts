import { defaultIngressPort, ingressDomains } from '../../model/ingressHost.ts'
import { byCodeUnit } from '../../model/resourceName.ts'
import type { VirtualHostPart } from '../../model/xds.ts'
import { encoded } from '../encoded.ts'
import type { JsonObject } from '../json.ts'
import type { Provenance } from '../provenance.ts'
import { destinationsOf, type HttpRoute } from '../routes/httpRoute.ts'
import { routeJson } from '../routes/routesJson.ts'
import type { SliceVariant } from '../views/slice.ts'

/** The virtual host of `host` at a port of a proxy at the edge; `rules` stand behind it beside its routes, `more` are
 *  further fields of it. */
export const edgeVirtualHost = (
  { host, port }: { readonly host: string; readonly port: number },
  routes: readonly HttpRoute[],
  rules: readonly Provenance[],
  { place }: SliceVariant,
  more: JsonObject = {},
): VirtualHostPart => {
  const name = `${host}:${port}`
  const ports = port === defaultIngressPort && place !== undefined ? [port, place.port] : [port]
  const json = { name, domains: ingressDomains(host, ports), routes: routes.map(routeJson), ...more }
  return {
    name,
    ...encoded('type.googleapis.com/envoy.config.route.v3.VirtualHost', json),
    clusters: [...new Set(routes.flatMap(destinationsOf).map(({ cluster }) => cluster))].sort(byCodeUnit),
    causes: [...new Set([...routes.map(({ rule }) => rule), ...rules])],
  }
}
