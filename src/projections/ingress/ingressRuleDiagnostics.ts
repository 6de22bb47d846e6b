import { isLeft } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../../model/diagnostic.ts'
import { ingressHost, ingressPort } from '../../model/ingressHost.ts'
import type { IngressRuleSpec } from '../../model/ingressRule.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { sameJson } from '../../model/sameJson.ts'
import { beyondLimits } from '../beyondLimits.ts'
import { referenceDiagnostics, referenceOf } from '../diagnostics/referenceDiagnostics.ts'
import { secretDiagnostics } from '../diagnostics/secretDiagnostics.ts'
import type { Registry } from '../registry/registry.ts'
import { encodedRoute } from '../routes/encodedRoute.ts'
import { serviceRoutes } from '../routes/serviceRoutes.ts'
import { ruleLimits } from '../ruleLimits.ts'
import { bothMatches } from './bothMatches.ts'
import type { IngressEntry } from './ingressEntry.ts'
import { byIngressOrder } from './ingressOrder.ts'
import { ingressMatch, ingressRoutes } from './ingressRoutes.ts'
import { ingressSecret } from './ingressSecret.ts'
import { portSecret } from './ingressSlice.ts'
import { type IngressTarget, ingressTarget } from './ingressTarget.ts'
import { isRoutable } from './isRoutable.ts'
import { takenDiagnostics } from './takenDiagnostics.ts'

/** All that keeps an IngressRule, or a part of it, from having an effect. */
export const ingressRuleDiagnostics = (
  rule: Resource<'IngressRule'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = rule
  const target = ingressTarget(rule, registry)
  const stored = { resource: rule, position: 0, source: '' }
  return [
    ...referenceDiagnostics(
      referenceOf(spec.destination, '/spec/destination', metadata.namespace, registry),
      registry,
    ),
    ...withoutPort(rule, target),
    ...certificate(rule, registry),
    ...withoutCertificate(rule, registry),
    ...(spec.match?.source === undefined ? [] : [callerOutside]),
    ...ruleLimits({ destination: spec.destination, ...(spec.match && { match: spec.match }) }).diagnostics,
    ...hidden(stored, registry),
    ...taken(spec, registry),
    ...twoRegexes(stored, target, registry),
    ...ingressRoutes(stored, { sourceRules: new Set(), namespace: '' }, registry)
      .filter(({ rule: { kind } }) => kind === 'IngressRule')
      .map(encodedRoute)
      .flatMap((message) => (isLeft(message) ? [beyondLimits('/spec', message.left)] : [])),
  ]
}

const withoutPort = (
  { spec }: Resource<'IngressRule'>,
  { hostname, service, port }: IngressTarget,
): readonly Diagnostic[] => {
  if (service === undefined || port !== undefined) return []
  const field = (['destinationPort', 'destinationPortName'] as const).find((name) => spec[name] !== undefined)
  const which = field === undefined ? '' : ` ${spec[field]}`
  return [
    {
      code: 'RUT2050',
      severity: 'warning',
      path: field === undefined ? '/spec/destination' : `/spec/${field}`,
      message: `${hostname} has no port${which} that is routed by request (HTTP, HTTP2, GRPC), so this rule has no effect.`,
    },
  ]
}

const certificate = ({ spec }: Resource<'IngressRule'>, registry: Registry): readonly Diagnostic[] => {
  const secret = ingressSecret(spec)
  if (secret === undefined) return []
  const shown = portSecret(rulesBeside(spec, registry))
  return [
    ...secretDiagnostics([{ secret, path: '/spec/tlsSecret' }], 'named', registry),
    ...(shown === undefined || shown === secret ? [] : [otherCertificate(secret, shown)]),
  ]
}

const otherCertificate = (secret: string, shown: string): Diagnostic => ({
  code: 'RUT2055',
  severity: 'warning',
  path: '/spec/tlsSecret',
  message: `Another rule for the same host and port comes before this one: ${shown} is shown, and ${secret} is not.`,
})

/** Rules for the host and port of `spec`, in the order tried. */
const rulesBeside = (spec: IngressRuleSpec, registry: Registry): readonly IngressEntry[] =>
  [...registry.ingressRulesAt(ingressHost(spec).host)]
    .sort(byIngressOrder)
    .filter(({ resource }) => ingressPort(resource.spec) === ingressPort(spec))

const withoutCertificate = ({ spec }: Resource<'IngressRule'>, registry: Registry): readonly Diagnostic[] => {
  if (portSecret(rulesBeside(spec, registry)) !== undefined) return []
  const port = ingressPort(spec)
  // Nothing indexes rules by port, and this question is rare.
  for (const host of registry.ingressHosts())
    for (const { resource } of registry.ingressRulesAt(host))
      if (resource.spec.tlsSecret !== undefined && ingressPort(resource.spec) === port)
        return [
          {
            code: 'RUT2056',
            severity: 'warning',
            path: spec.port === undefined ? '/spec' : '/spec/port',
            message: `Port ${port} is over TLS, as ${keyOf(nameOf(resource))} says, and this rule's host has no certificate of its own there: it is reached by the names of others alone. Name a tlsSecret, or another port.`,
          },
        ]
  return []
}

const taken = (spec: IngressRuleSpec, registry: Registry): readonly Diagnostic[] => {
  const tls = portSecret(rulesBeside(spec, registry)) !== undefined
  const place = { host: ingressHost(spec).host, port: ingressPort(spec), tls }
  return takenDiagnostics(
    place,
    spec.match?.request?.headers?.['authority'] === undefined
      ? '/spec'
      : '/spec/match/request/headers/authority',
    registry,
  )
}

const callerOutside: Diagnostic = {
  code: 'RUT2052',
  severity: 'warning',
  path: '/spec/match/source',
  message:
    'Who calls an ingress is outside of the mesh and no service, so this rule takes no request. Remove match.source.',
}

const hidden = (rule: IngressEntry, registry: Registry): readonly Diagnostic[] => {
  const { spec } = rule.resource
  const key = keyOf(nameOf(rule.resource))
  const match = ingressMatch(rule)
  for (const other of [...registry.ingressRulesAt(ingressHost(spec).host)].sort(byIngressOrder)) {
    if (keyOf(nameOf(other.resource)) === key) return []
    const its = other.resource.spec
    if (ingressPort(its) !== ingressPort(spec) || !isRoutable(its)) continue
    if (ingressTarget(other.resource, registry).port === undefined) continue
    // What both take is all that this one would.
    if (!sameJson(bothMatches(ingressMatch(other), match), match)) continue
    return [
      {
        code: 'RUT2005',
        severity: 'warning',
        message: `This rule is never reached: ${keyOf(nameOf(other.resource))} comes before it and takes all that it would.`,
      },
    ]
  }
  return []
}

const twoRegexes = (
  rule: IngressEntry,
  { service, port }: IngressTarget,
  registry: Registry,
): readonly Diagnostic[] => {
  const { path } = ingressMatch(rule)
  if (service === undefined || port === undefined || path?.kind !== 'regex') return []
  return serviceRoutes(service, port, { sourceRules: new Set(), namespace: '' }, registry)
    .filter(({ match }) => match.path?.kind === 'regex' && !sameJson(match.path, path))
    .map(({ name }) => ({
      code: 'RUT2053',
      severity: 'warning',
      path: '/spec/match/request/headers/uri',
      message: `${name} has a regex for the path too, and one route cannot ask for both: that rule does not hold for requests that come by this one.`,
    }))
}
