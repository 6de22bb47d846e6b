import { isLeft } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { type L4Match, type RouteRuleSpec, requestFields } from '../../model/routeRule.ts'
import { beyondLimits } from '../beyondLimits.ts'
import { isConnectionRule } from '../connections/connectionRules.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { resolveDestination } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import { compileRouteRule } from '../routes/compileRouteRule.ts'
import { compileRuleMatch } from '../routes/compileRuleMatch.ts'
import { encodedRoute } from '../routes/encodedRoute.ts'
import { matchCovers } from '../routes/matchCovers.ts'
import { sourceCovers } from '../routes/sourceCovers.ts'
import { connectionMatch, ruleLimits } from '../ruleLimits.ts'
import { type Reference, referenceDiagnostics, referenceOf, unknownService } from './referenceDiagnostics.ts'

/** All that keeps a RouteRule, or a part of it, from having an effect. */
export const routeRuleDiagnostics = (
  rule: Resource<'RouteRule'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = rule
  const hostname = resolveDestination(spec.destination, metadata.namespace, registry.settings().domain)
  const service = registry.service(hostname)
  const references = referencesOf(spec, hostname, metadata.namespace, registry)
  const source = spec.match?.source
  return [
    ...(service === undefined
      ? [unknownService(hostname, '/spec/destination')]
      : withoutPortToRoute(spec, service)),
    ...(source === undefined
      ? []
      : referenceDiagnostics(
          referenceOf(source, '/spec/match/source', metadata.namespace, registry),
          registry,
        )),
    // Of the rule's own service it has been said already that it is missing.
    ...references
      .filter((reference) => reference.hostname !== hostname || service !== undefined)
      .flatMap((reference) => [
        ...referenceDiagnostics(reference, registry),
        ...(service === undefined ? [] : withoutPort(reference, service, isConnectionRule(spec), registry)),
      ]),
    // Of a rule for connections it is said above.
    ...ruleLimits(spec).diagnostics.filter(({ code }) => code !== 'RUT2010' || !isConnectionRule(spec)),
    ...unencodable(rule, hostname, registry),
    ...hidden(rule, hostname, registry),
    ...behindVirtualService(hostname, registry),
  ]
}

const referencesOf = (
  spec: RouteRuleSpec,
  hostname: string,
  namespace: string,
  registry: Registry,
): readonly Reference[] => [
  ...(spec.route ?? []).map(({ destination, labels }, i): Reference => {
    const path = `/spec/route/${i}`
    const named = destination && referenceOf(destination, `${path}/destination`, namespace, registry)
    return {
      ...(named ?? { hostname, labels: {}, path, labelsPath: `${path}/labels` }),
      ...(labels && { labels, labelsPath: `${path}/labels` }),
    }
  }),
  ...(spec.mirror === undefined ? [] : [referenceOf(spec.mirror, '/spec/mirror', namespace, registry)]),
]

/** A rule for connections is for ports that are not routed by request, and any other for those that are. */
const withoutPortToRoute = (spec: RouteRuleSpec, service: CompiledService): readonly Diagnostic[] => {
  if (!isConnectionRule(spec)) return withoutHttp(service)
  return service.ports.every(({ http }) => http) ? [connectionMatch('tcp')] : forRequestsOnly(spec)
}

const forRequestsOnly = (spec: RouteRuleSpec): readonly Diagnostic[] =>
  requestFields
    .filter((field) => spec[field] !== undefined)
    .map((field) => ({
      code: 'RUT2011',
      severity: 'warning',
      path: `/spec/${field}`,
      message: `${field} has no effect. With match.tcp the rule is for connections, which are only sent somewhere.`,
    }))

const withoutHttp = (service: CompiledService): readonly Diagnostic[] =>
  service.ports.some(({ http }) => http)
    ? []
    : [
        {
          code: 'RUT2004',
          severity: 'warning',
          path: '/spec/destination',
          message: `${service.hostname} has no port that is routed by request (HTTP, HTTP2, GRPC), so this rule has no effect.`,
        },
      ]

const withoutPort = (
  { hostname, path }: Reference,
  service: CompiledService,
  connections: boolean,
  registry: Registry,
): readonly Diagnostic[] => {
  const other = registry.service(hostname)
  if (other === undefined || other === service) return []
  return service.ports
    .filter(
      ({ http, name, port }) =>
        http !== connections && !other.ports.some((its) => its.name === name || its.port === port),
    )
    .map(({ name, port }) => ({
      code: 'RUT2008',
      severity: 'warning',
      path,
      message: `${hostname} has neither a port named '${name}' nor port ${port}, so ${connections ? 'connections' : 'requests'} to port ${port} of ${service.hostname} that come here fail.`,
    }))
}

const unencodable = (
  rule: Resource<'RouteRule'>,
  hostname: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const { route } = compileRouteRule(
    { resource: rule, position: 0, source: '' },
    { hostname, port: { name: 'http', port: 80 } },
    registry.settings().domain,
    (other) => registry.service(other)?.ports,
  )
  const message = route && encodedRoute(route)
  return message !== undefined && isLeft(message) ? [beyondLimits('/spec', message.left)] : []
}

const behindVirtualService = (hostname: string, registry: Registry): readonly Diagnostic[] =>
  registry.istio.meshVirtualServices
    .taking(hostname)
    .filter(({ resource }) => resource.spec.http !== undefined)
    .slice(0, 1)
    .map(({ resource }) => ({
      code: 'RUT2108',
      severity: 'warning',
      path: '/spec/destination',
      message: `${keyOf(nameOf(resource))} is for ${hostname} too: a VirtualService goes first, and for the callers and ports that it speaks of this rule has no effect.`,
    }))

// Rules come in the order in which they are tried.
const hidden = (rule: Resource<'RouteRule'>, hostname: string, registry: Registry): readonly Diagnostic[] => {
  const key = keyOf(nameOf(rule))
  const { domain } = registry.settings()
  for (const { resource: other } of registry.rulesTo(hostname)) {
    if (keyOf(nameOf(other)) === key) return []
    if (!takesAllOf(other, rule, domain)) continue
    return [
      {
        code: 'RUT2005',
        severity: 'warning',
        message: `This rule is never reached: ${keyOf(nameOf(other))} (precedence ${other.spec.precedence ?? 0}) comes before it and takes all that it would.`,
      },
    ]
  }
  return []
}

/** Each subnet of the second is one of the first's; what lies within another is not worked out. */
const subnetsCover = (first: L4Match = {}, second: L4Match = {}): boolean =>
  (['sourceSubnet', 'destinationSubnet'] as const).every((side) => {
    const [wide, narrow] = [first[side] ?? [], second[side] ?? []]
    return wide.length === 0 || (narrow.length > 0 && narrow.every((one) => wide.includes(one)))
  })

const takesAllOf = (first: Resource<'RouteRule'>, second: Resource<'RouteRule'>, domain: string): boolean => {
  const [a, b] = [first.spec.match, second.spec.match]
  if (isConnectionRule(first.spec) !== isConnectionRule(second.spec)) return false
  if (isConnectionRule(first.spec)) {
    if (!subnetsCover(a?.tcp, b?.tcp)) return false
  } else if (ruleLimits(first.spec).unmatchable) return false
  return (
    matchCovers(compileRuleMatch(a), compileRuleMatch(b)) &&
    sourceCovers(
      { source: a?.source, namespace: first.metadata.namespace },
      { source: b?.source, namespace: second.metadata.namespace },
      domain,
    )
  )
}
