import { ingressHost } from '../../model/ingressHost.ts'
import { provenanceOf, ruleText } from '../provenance.ts'
import type { Registry } from '../registry/registry.ts'
import { compileRuleMatch } from '../routes/compileRuleMatch.ts'
import { defaultRoute } from '../routes/defaultRoute.ts'
import type { HttpMatch, HttpRoute, TextMatch } from '../routes/httpRoute.ts'
import { serviceRoutes } from '../routes/serviceRoutes.ts'
import { orderedRoutes } from '../routes/virtualHost.ts'
import type { SliceVariant } from '../views/slice.ts'
import { bothMatches } from './bothMatches.ts'
import type { IngressEntry } from './ingressEntry.ts'
import { ingressTarget } from './ingressTarget.ts'
import { isRoutable } from './isRoutable.ts'

/** What `rule` asks of a request beyond the virtual host that it is in. */
export const ingressMatch = ({ resource: { spec } }: IngressEntry): HttpMatch => {
  const { authority, ...match } = compileRuleMatch(spec.match)
  return authority === undefined || ingressHost(spec).whole ? match : { ...match, authority }
}

/** The routes of `rule` on a proxy of this variant, in the order tried: the destination's own, for the requests that
 *  the rule takes, then the whole service. None where the rule can take nothing. */
export const ingressRoutes = (
  rule: IngressEntry,
  variant: Pick<SliceVariant, 'sourceRules' | 'namespace'>,
  registry: Registry,
): readonly HttpRoute[] => {
  const { hostname, service, port } = ingressTarget(rule.resource, registry)
  if (service === undefined || port === undefined || !isRoutable(rule.resource.spec)) return []
  const provenance = provenanceOf(rule)
  const gate = ingressMatch(rule)
  const otherwise = { ...defaultRoute(hostname, port.port, provenance), name: ruleText(provenance) }
  return orderedRoutes(serviceRoutes(service, port, variant, registry), otherwise).routes.flatMap(
    (route) => behind(gate, route) ?? [],
  )
}

/** `route` for the requests only that meet `gate`. A rewrite still replaces what the route's own prefix matched. */
const behind = (gate: HttpMatch, route: HttpRoute): HttpRoute | undefined => {
  const match = bothMatches(gate, route.match)
  if (match === undefined) return undefined
  const { rewrite } = route
  if (rewrite?.path === undefined) return { ...route, match }
  return {
    ...route,
    match,
    rewrite: { ...rewrite, path: rewrite.path + beyond(route.match.path, match.path) },
  }
}

/** What stands in a path matched by `whole` after the prefix `own`. */
const beyond = (own: TextMatch = { kind: 'prefix', value: '/' }, whole: TextMatch = own): string =>
  own.kind === 'prefix' && whole.kind !== 'regex' ? whole.value.slice(own.value.length) : ''
