import { isRight } from 'fp-ts/lib/Either.js'
import { durationMs } from '../model/duration.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import { subsetName } from './clusterName.ts'
import type { ClusterPolicy } from './clusterPolicy.ts'
import { outboundClusterJson } from './clusters.ts'
import { compileDestinationPolicy } from './compileDestinationPolicy.ts'
import type { CompiledPort, CompiledService } from './compiledService.ts'
import { tryXdsResource, xdsResource } from './encoded.ts'
import type { Destination } from './httpRoute.ts'
import { matchesLabels } from './instanceEndpoints.ts'
import { compileTrafficPolicy } from './istio/compileTrafficPolicy.ts'
import { type Traffic, trafficFor } from './istio/trafficFor.ts'
import { policyFor } from './policies.ts'
import { type Provenance, provenanceOf } from './provenance.ts'
import type { Registry } from './registry.ts'
import type { ClusterPart, SliceVariant } from './slice.ts'

/** The cluster of a destination. An unknown service has one too, without endpoints: a route to it then answers 503
 *  instead of being held back for ever; it names `referrer`, the rule or service that leads there. */
export const clusterPart = (
  destination: Destination,
  referrer: Provenance,
  variant: Pick<SliceVariant, 'sourceRules' | 'mode' | 'namespace'>,
  registry: Registry,
): ClusterPart => {
  const { hostname, port, labels, cluster } = destination
  const service = registry.service(hostname)
  const servicePort = service?.ports.find((one) => one.port === port)
  const traffic = trafficFor(destination, variant, registry)
  const policy =
    traffic === undefined
      ? policyOf2017(destination, variant, registry)
      : trafficPolicy(traffic, service, registry)
  const rule = service === undefined ? referrer : provenanceOf(service.stored)
  const tls = policy?.policy.tls
  const mutualTls =
    service?.external !== true && (tls === 'mutual' || (tls === undefined && servicePort?.mutualTls === true))
  const meant = traffic?.labels ?? labels
  const isUndefined = destination.subset !== undefined && traffic?.labels === undefined
  const plain = {
    hostname,
    port,
    protocol: servicePort?.protocol ?? 'HTTP',
    subset: destination.subset ?? subsetName(labels),
    connectTimeoutMs: durationMs(registry.settings().connectTimeout) ?? 1000,
    rule,
    ...(service?.found.by === 'dns' &&
      byDns(service, servicePort, isUndefined ? undefined : meant, registry)),
    ...(service?.found.by === 'caller' && { many: manyOf(servicePort, variant) }),
    ...(servicePort?.http && servicePort.protocol === 'HTTPS'
      ? { trustedCaPath: registry.settings().trustedCaPath }
      : {}),
    ...(mutualTls && {
      mutualTls: {
        identities: service === undefined ? [] : registry.identitiesOf(service),
        meshDomain: registry.settings().domain,
      },
    }),
  }
  const withPolicy =
    policy &&
    tryXdsResource('clusters', cluster, outboundClusterJson({ ...plain, ...policy }), [policy.rule, rule])
  return {
    resource:
      withPolicy !== undefined && isRight(withPolicy)
        ? withPolicy.right
        : xdsResource('clusters', cluster, outboundClusterJson(plain), [rule]),
    hostname,
    port,
    labels: meant,
    ...(isUndefined && { undefinedSubset: true }),
    ...(mutualTls && { mutualTls }),
    eds: (service?.found.by ?? 'registry') === 'registry' && policy?.policy.balance.kind !== 'none',
  }
}

type RuledPolicy = { readonly rule: Provenance; readonly policy: ClusterPolicy }

// A DestinationRule goes before policies of 2017.
const trafficPolicy = (
  traffic: Traffic,
  service: CompiledService | undefined,
  registry: Registry,
): RuledPolicy => ({
  rule: provenanceOf(traffic.rule),
  policy: compileTrafficPolicy(traffic.policy, registry.settings(), service?.subjectAltNames ?? []),
})

const policyOf2017 = (
  { hostname, labels }: Destination,
  { sourceRules }: Pick<SliceVariant, 'sourceRules'>,
  registry: Registry,
): RuledPolicy | undefined => {
  const policies = registry
    .policiesTo(hostname)
    .filter(({ resource }) => resource.spec.source === undefined || sourceRules.has(keyOf(nameOf(resource))))
  const policy = policyFor(policies, labels)
  return policy && { rule: provenanceOf(policy), policy: compileDestinationPolicy(policy.resource.spec) }
}

/** What DNS is asked for: the service's own name, or those of its endpoints with `labels`; of no labels none. */
const byDns = (
  service: CompiledService,
  port: CompiledPort | undefined,
  labels: Readonly<Record<string, string>> | undefined,
  registry: Registry,
): Partial<Parameters<typeof outboundClusterJson>[0]> => {
  const { found } = service
  if (found.by !== 'dns') return {}
  const own = found.endpoints === undefined && found.selector === undefined
  const endpoints =
    own || port === undefined || labels === undefined
      ? []
      : registry.endpointsOf(service, port).filter((one) => matchesLabels(one.labels, labels))
  return {
    externalName: found.name,
    ...(own ? {} : { endpoints }),
    ...(found.once && { once: true }),
    ...(port?.targetPort === undefined ? {} : { targetPort: port.targetPort }),
  }
}

// Only what was captured was on its way to an address, and what is no request has no authority.
const manyOf = (
  port: CompiledPort | undefined,
  { mode }: Pick<SliceVariant, 'mode'>,
): 'original' | 'authority' => (mode === 'captured' || port?.http === false ? 'original' : 'authority')
