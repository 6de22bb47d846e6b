import { isLeft } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { typeUrlOf } from '../../model/xds.ts'
import { beyondLimits } from '../beyondLimits.ts'
import { subsetName } from '../clusters/clusterName.ts'
import { outboundClusterJson } from '../clusters/clusters.ts'
import { compileDestinationPolicy } from '../clusters/compileDestinationPolicy.ts'
import { tryEncoded } from '../encoded.ts'
import { destinationRulesOf } from '../istio/destinationRuleFor.ts'
import { resolveDestination } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import { sourceCovers } from '../routes/sourceCovers.ts'
import { referenceDiagnostics, referenceOf } from './referenceDiagnostics.ts'

/** All that keeps a DestinationPolicy from having an effect. */
export const policyDiagnostics = (
  policy: Resource<'DestinationPolicy'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = policy
  const destination = referenceOf(spec.destination, '/spec/destination', metadata.namespace, registry)
  const broken = referenceDiagnostics(destination, registry)
  return [
    ...broken,
    ...(spec.source === undefined
      ? []
      : referenceDiagnostics(
          referenceOf(spec.source, '/spec/source', metadata.namespace, registry),
          registry,
        )),
    ...(broken.length > 0 || isRouted(destination.hostname, destination.labels, registry)
      ? []
      : [unrouted(destination.hostname, destination.labels)]),
    ...hidden(policy, destination.hostname, registry),
    ...behindDestinationRule(destination.hostname, registry),
    ...unencodable(policy, destination.hostname),
  ]
}

const unencodable = (
  { spec, metadata }: Resource<'DestinationPolicy'>,
  hostname: string,
): readonly Diagnostic[] => {
  const rule = { kind: 'DestinationPolicy', namespace: metadata.namespace, name: metadata.name } as const
  const plain = { hostname, port: 80, protocol: 'HTTP', subset: '', connectTimeoutMs: 1000, rule } as const
  const message = tryEncoded(
    typeUrlOf.clusters,
    outboundClusterJson({ ...plain, policy: compileDestinationPolicy(spec) }),
  )
  return isLeft(message) ? [beyondLimits('/spec', message.left)] : []
}

const unrouted = (hostname: string, labels: Readonly<Record<string, string>>): Diagnostic => ({
  code: 'RUT2007',
  severity: 'warning',
  path: '/spec/destination/labels',
  message: `No route rule sends requests to ${subsetName(labels)} of ${hostname}, and a policy only holds where the labels are exactly the same. Route to these labels, or remove them.`,
})

const isRouted = (
  hostname: string,
  labels: Readonly<Record<string, string>>,
  registry: Registry,
): boolean => {
  const subset = subsetName(labels)
  if (subset === '') return true
  const routes = (rule: Resource<'RouteRule'>, own: string) => routesTo(rule, own, hostname, subset, registry)
  if (registry.rulesTo(hostname).some(({ resource: rule }) => routes(rule, hostname))) return true
  // Rules of other services may send here too; nothing indexes them, and this question is rare.
  for (const { hostname: other } of registry.services())
    if (registry.rulesTo(other).some(({ resource: rule }) => routes(rule, other))) return true
  return false
}

const routesTo = (
  { spec, metadata }: Resource<'RouteRule'>,
  own: string,
  hostname: string,
  subset: string,
  registry: Registry,
): boolean => {
  const { domain } = registry.settings()
  const targets = [
    ...(spec.route ?? []).map(({ destination, labels }) => ({
      to: destination,
      labels: labels ?? destination?.labels,
    })),
    ...(spec.mirror === undefined ? [] : [{ to: spec.mirror, labels: spec.mirror.labels }]),
  ]
  return targets.some(
    ({ to, labels }) =>
      subsetName(labels) === subset &&
      (to === undefined ? own : resolveDestination(to, metadata.namespace, domain)) === hostname,
  )
}

const behindDestinationRule = (hostname: string, registry: Registry): readonly Diagnostic[] =>
  destinationRulesOf(hostname, registry)
    .slice(0, 1)
    .map(({ resource }) => ({
      code: 'RUT2102',
      severity: 'warning',
      path: '/spec/destination',
      message: `${keyOf(nameOf(resource))} is for ${hostname} too: a DestinationRule goes first, and for the callers that it is for this policy has no effect.`,
    }))

// Policies come by key, and the first that applies wins.
const hidden = (
  policy: Resource<'DestinationPolicy'>,
  hostname: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = policy
  const key = keyOf(nameOf(policy))
  const { domain } = registry.settings()
  for (const { resource: other } of registry.policiesTo(hostname)) {
    if (keyOf(nameOf(other)) === key) return []
    const same = subsetName(other.spec.destination.labels) === subsetName(spec.destination.labels)
    const covers = sourceCovers(
      { source: other.spec.source, namespace: other.metadata.namespace },
      { source: spec.source, namespace: metadata.namespace },
      domain,
    )
    if (!same || !covers) continue
    return [
      {
        code: 'RUT2006',
        severity: 'warning',
        path: '/spec/destination',
        message: `${keyOf(nameOf(other))} has the same destination and the smaller name: it holds, and this policy has no effect.`,
      },
    ]
  }
  return []
}
