import type { Diagnostic } from '../../model/diagnostic.ts'
import { durationMs } from '../../model/duration.ts'
import type { Stored } from '../../model/mesh.ts'
import { nameOf } from '../../model/resourceName.ts'
import type { IstioService, RouteRuleSpec } from '../../model/routeRule.ts'
import type { ServicePort } from '../../model/service.ts'
import { type Provenance, ruleText } from '../provenance.ts'
import { resolveDestination } from '../registry/hostnames.ts'
import { isAppendable, ruleLimits } from '../ruleLimits.ts'
import { compileRuleCors } from './compileRuleCors.ts'
import { compileRuleFault } from './compileRuleFault.ts'
import { compileRuleMatch } from './compileRuleMatch.ts'
import { defaultTimeoutMs } from './defaultRoute.ts'
import { httpDestination, type PortsOf } from './httpDestination.ts'
import type { Destination, HttpAction, HttpRetries, HttpRoute } from './httpRoute.ts'

/** The route that a RouteRule gives to one HTTP port of the service it is for. Diagnostics name every part that
 *  Envoy cannot express; a rule with a condition of that sort has no route, for it must not take more than it says.
 *  `portsOf` is asked about other services that the rule sends requests to. */
export const compileRouteRule = (
  stored: Stored<'RouteRule'>,
  service: { readonly hostname: string; readonly port: ServicePort },
  meshDomain: string,
  portsOf: PortsOf,
): { readonly route: HttpRoute | undefined; readonly diagnostics: readonly Diagnostic[] } => {
  const { spec, metadata } = stored.resource
  const { diagnostics, unmatchable } = ruleLimits(spec)
  if (unmatchable) return { route: undefined, diagnostics }
  const rule: Provenance = { ...nameOf(stored.resource), position: stored.position }
  const destination = (to: IstioService | undefined, labels: IstioService['labels'] = to?.labels ?? {}) =>
    httpDestination(
      to === undefined ? service.hostname : resolveDestination(to, metadata.namespace, meshDomain),
      labels,
      service,
      portsOf,
    )
  const fault = compileRuleFault(spec.httpFault)
  const retries = compileRetries(spec.httpReqRetries)
  const route: HttpRoute = {
    name: ruleText(rule),
    rule,
    precedence: spec.precedence ?? 0,
    match: compileRuleMatch(spec.match),
    action: compileAction(spec, destination),
    ...(spec.rewrite && { rewrite: pathAndAuthority(spec.rewrite) }),
    timeoutMs: durationMs(spec.httpReqTimeout?.simpleTimeout?.timeout ?? '') ?? defaultTimeoutMs,
    ...(retries && { retries }),
    ...(fault && { fault }),
    mirrors: spec.mirror === undefined ? [] : [{ ...destination(spec.mirror), percent: 100 }],
    ...(spec.corsPolicy && { cors: compileRuleCors(spec.corsPolicy) }),
    ...appended(spec.appendHeaders),
    websocket: spec.websocketUpgrade ?? false,
  }
  return { route, diagnostics }
}

const compileAction = (
  spec: RouteRuleSpec,
  destination: (to: IstioService | undefined, labels: IstioService['labels']) => Destination,
): HttpAction => {
  if (spec.redirect !== undefined)
    return { kind: 'redirect', ...pathAndAuthority(spec.redirect), status: 301 }
  const entries = spec.route ?? []
  if (entries.length === 0)
    return { kind: 'forward', destinations: [{ ...destination(undefined, {}), weight: 100 }] }
  return {
    kind: 'forward',
    destinations: entries.map((entry) => ({
      ...destination(entry.destination, entry.labels ?? entry.destination?.labels ?? {}),
      weight: entries.length === 1 ? 100 : (entry.weight ?? 0),
    })),
  }
}

// The API of 2017 knows no absent text: an empty one says nothing.
const pathAndAuthority = ({ uri, authority }: NonNullable<RouteRuleSpec['rewrite']>) => ({
  ...(uri && { path: uri }),
  ...(authority && { authority }),
})

// `%` begins a variable in Envoy's header values, and an unknown one makes Envoy refuse the route.
const appended = (headers: RouteRuleSpec['appendHeaders'] = {}): Pick<HttpRoute, 'requestHeaders'> => {
  const put = Object.entries(headers)
    .filter(([name]) => isAppendable(name))
    .map(([name, value]) => ({ name, value: value.replaceAll('%', '%%'), how: 'append' as const }))
  return put.length === 0 ? {} : { requestHeaders: { put, remove: [] } }
}

const compileRetries = (retries: RouteRuleSpec['httpReqRetries']): HttpRetries | undefined => {
  const simple = retries?.simpleRetry
  if (simple === undefined || simple.attempts <= 0) return undefined
  const perTryTimeoutMs = durationMs(simple.perTryTimeout ?? '')
  return {
    attempts: simple.attempts,
    on: '5xx,connect-failure,refused-stream',
    ...(perTryTimeoutMs && { perTryTimeoutMs }),
  }
}
