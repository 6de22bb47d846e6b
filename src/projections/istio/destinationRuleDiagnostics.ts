import { isLeft } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { sameJson } from '../../model/sameJson.ts'
import { typeUrlOf } from '../../model/xds.ts'
import { beyondLimits } from '../beyondLimits.ts'
import { outboundClusterJson } from '../clusters/clusters.ts'
import { referenceDiagnostics, unknownService } from '../diagnostics/referenceDiagnostics.ts'
import { tryEncoded } from '../encoded.ts'
import type { Registry } from '../registry/registry.ts'
import { compileTrafficPolicy, policyAt } from './compileTrafficPolicy.ts'
import { destinationTlsDiagnostics } from './destinationTlsDiagnostics.ts'
import { resolveHost } from './hostPatterns.ts'
import { selectedLabels } from './labelConditionsOf.ts'
import { unusedFields } from './unusedFields.ts'
import { unusedOfPolicies } from './unusedOfPolicies.ts'
import { unusedTunnels } from './unusedTunnels.ts'

/** All that keeps a DestinationRule, or a part of it, from having an effect. */
export const destinationRuleDiagnostics = (
  rule: Resource<'DestinationRule'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = rule
  const hostname = resolveHost(spec.host, metadata.namespace, registry.settings().domain)
  const service = registry.service(hostname)
  return [
    ...(service === undefined && !hostname.startsWith('*') ? [unknownService(hostname, '/spec/host')] : []),
    ...(service === undefined
      ? []
      : (spec.subsets ?? []).flatMap(({ labels = {} }, i) => {
          const path = `/spec/subsets/${i}/labels`
          return referenceDiagnostics({ hostname, labels, path, labelsPath: path }, registry)
        })),
    ...hidden(rule, hostname, registry),
    ...unusedOfPolicies(spec, service?.ports),
    ...unusedFields(spec, unusedTunnels(spec, hostname, registry)),
    ...destinationTlsDiagnostics(rule, hostname, registry),
    ...unencodable(rule, hostname, registry),
  ]
}

const unencodable = (
  { spec, metadata }: Resource<'DestinationRule'>,
  hostname: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const rule = { kind: 'DestinationRule', namespace: metadata.namespace, name: metadata.name } as const
  const plain = { hostname, port: 80, protocol: 'HTTP', connectTimeoutMs: 1000, rule } as const
  return [undefined, ...(spec.subsets ?? [])].flatMap((subset, i) => {
    const policy = compileTrafficPolicy(
      policyAt(spec.trafficPolicy, subset?.trafficPolicy, 0),
      registry.settings(),
      { secretsOf: metadata.namespace },
    )
    const message = tryEncoded(
      typeUrlOf.clusters,
      outboundClusterJson({ ...plain, subset: subset?.name ?? '', policy }),
    )
    return isLeft(message)
      ? [beyondLimits(subset === undefined ? '/spec/trafficPolicy' : `/spec/subsets/${i - 1}`, message.left)]
      : []
  })
}

// Rules of one host come by key, and of one namespace the first holds.
const hidden = (
  rule: Resource<'DestinationRule'>,
  hostname: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const key = keyOf(nameOf(rule))
  for (const { resource: other } of registry.istio.destinationRules.at(hostname)) {
    if (keyOf(nameOf(other)) === key) return []
    if (other.metadata.namespace !== rule.metadata.namespace) continue
    if (!sameJson(selectedLabels(other) ?? {}, selectedLabels(rule) ?? {})) continue
    return [
      {
        code: 'RUT2006',
        severity: 'warning',
        path: '/spec/host',
        message: `${keyOf(nameOf(other))} has the same host and the smaller name: it holds, and this rule has no effect. Put all subsets of a host into one rule.`,
      },
    ]
  }
  return []
}
