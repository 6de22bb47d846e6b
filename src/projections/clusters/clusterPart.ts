import { isRight } from 'fp-ts/lib/Either.js'
import { durationMs } from '../../model/duration.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { tryXdsResource, xdsResource } from '../encoded.ts'
import { compileTrafficPolicy } from '../istio/compileTrafficPolicy.ts'
import { type LocalityShare, localityShare } from '../istio/localityShare.ts'
import { secretsNamespace } from '../istio/secretsNamespace.ts'
import { type Traffic, trafficFor } from '../istio/trafficFor.ts'
import { workloadEndpoint } from '../istio/workloadEndpoint.ts'
import { workloadSecretNames } from '../mutualTls/workloadSecrets.ts'
import { type Provenance, provenanceOf } from '../provenance.ts'
import type { CompiledPort, CompiledService, Found } from '../registry/compiledService.ts'
import { declarationOf, declarersOf } from '../registry/declarers.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import type { Registry } from '../registry/registry.ts'
import type { Destination } from '../routes/httpRoute.ts'
import { isBoundOnly } from '../views/egressPlaces.ts'
import type { ClusterPart, SliceVariant } from '../views/slice.ts'
import { subsetName } from './clusterName.ts'
import type { ClusterPolicy } from './clusterPolicy.ts'
import { outboundClusterJson } from './clusters.ts'
import { compileDestinationPolicy } from './compileDestinationPolicy.ts'
import { policyFor } from './policies.ts'
import { secretsOfTls } from './upstreamTls.ts'

/** The cluster of a destination. An unknown service has one too, without endpoints: a route to it then answers 503
 *  instead of being held back for ever; it names `referrer`, the rule or service that leads there. */
export const clusterPart = (
  destination: Destination,
  referrer: Provenance,
  variant: Pick<SliceVariant, 'sourceRules' | 'mode' | 'namespace' | 'meant' | 'locality' | 'apart'>,
  registry: Registry,
): ClusterPart => {
  const { hostname, port, labels, cluster } = destination
  const service = variant.meant(hostname)
  const servicePort = service?.ports.find((one) => one.port === port)
  const declared = service && declarationOf(service, servicePort)
  const traffic = trafficFor(destination, variant, registry)
  const share = traffic && localityShare(traffic.policy, variant.locality)
  const policy =
    traffic === undefined
      ? policyOf2017(destination, variant, registry)
      : trafficPolicy(traffic, share, registry, {
          subjectAltNames: namesOf(service, servicePort),
          secretsOf: secretsNamespace(traffic.rule.resource, variant),
        })
  const rule = declared === undefined ? referrer : provenanceOf(declared.stored)
  const tls = policy?.policy.tls
  const mutualTls =
    declared?.external !== true &&
    (tls === 'mutual' || (tls === undefined && servicePort?.mutualTls === true))
  const meant = traffic?.labels ?? labels
  const many = declared && manyOf(declared.found, service, servicePort, variant)
  const isUndefined = destination.subset !== undefined && traffic?.labels === undefined
  const plain = {
    hostname,
    port,
    protocol: servicePort?.protocol ?? 'HTTP',
    subset: destination.subset ?? subsetName(labels),
    connectTimeoutMs: durationMs(registry.settings().connectTimeout) ?? 1000,
    rule,
    ...(service !== undefined &&
      declared?.found.by === 'dns' &&
      byDns(service, servicePort, isUndefined ? undefined : meant, registry)),
    share,
    ...(many && { many }),
    ...(servicePort?.http && servicePort.protocol === 'HTTPS'
      ? { trustedCaPath: registry.settings().trustedCaPath }
      : {}),
    ...(mutualTls && {
      mutualTls: {
        identities:
          service === undefined ? [] : [...registry.identitiesOf(service), ...namesOf(service, servicePort)],
        meshDomain: registry.settings().domain,
      },
    }),
  }
  const withPolicy =
    policy &&
    tryXdsResource('clusters', cluster, outboundClusterJson({ ...plain, ...policy }), [policy.rule, rule])
  const taken = withPolicy !== undefined && isRight(withPolicy) ? withPolicy.right : undefined
  // Without a policy that Envoy's limits refuse, what it would have encrypted must not go out in the open.
  const isClosed = tls === 'closed' || (taken === undefined && typeof tls === 'object')
  const otherwise = isClosed ? { ...plain, policy: closedPolicy } : plain
  const isFixed = isClosed || policy?.policy.balance.kind === 'none'
  return {
    resource: taken ?? xdsResource('clusters', cluster, outboundClusterJson(otherwise), [rule]),
    hostname,
    namespace: service?.namespace ?? '',
    port,
    labels: meant,
    ...(share && { share }),
    ...(isUndefined && { undefinedSubset: true }),
    ...(mutualTls
      ? { secrets: workloadSecretNames }
      : typeof tls === 'object' && !isClosed && withSecrets(secretsOfTls(tls))),
    ...(many === 'authority' && !isFixed && { byAuthority: true }),
    eds: (declared?.found.by ?? 'registry') === 'registry' && !isFixed,
  }
}

const withSecrets = (secrets: readonly string[]): Pick<ClusterPart, 'secrets'> =>
  secrets.length === 0 ? {} : { secrets }

const closedPolicy: ClusterPolicy = { balance: { kind: 'roundRobin' }, tls: 'closed' }

type RuledPolicy = { readonly rule: Provenance; readonly policy: ClusterPolicy }

// A DestinationRule goes before policies of 2017.
const trafficPolicy = (
  traffic: Traffic,
  share: LocalityShare | undefined,
  registry: Registry,
  more: Parameters<typeof compileTrafficPolicy>[2],
): RuledPolicy => ({
  rule: provenanceOf(traffic.rule),
  policy: {
    ...compileTrafficPolicy(traffic.policy, registry.settings(), more),
    ...(share?.kind === 'distribute' && { byLocality: true }),
  },
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

/** Names that the certificates of a port have, by all who declare it. */
const namesOf = (service: CompiledService | undefined, port: CompiledPort | undefined): readonly string[] =>
  service === undefined || port === undefined
    ? []
    : [...new Set(declarersOf(service, port).flatMap((one) => one.service.subjectAltNames ?? []))]

/** What DNS is asked for: the service's own name, or those of its endpoints with `labels`; of no labels none. */
const byDns = (
  service: CompiledService,
  port: CompiledPort | undefined,
  labels: Readonly<Record<string, string>> | undefined,
  registry: Registry,
): Partial<Parameters<typeof outboundClusterJson>[0]> => {
  const { found } = declarationOf(service, port)
  if (found.by !== 'dns') return {}
  const declarers = port === undefined ? [] : declarersOf(service, port)
  const own = declarers.length < 2 && isOwnName(found)
  const endpoints =
    own || port === undefined || labels === undefined
      ? []
      : declarers
          .flatMap((one) =>
            isOwnName(one.service.found)
              ? [workloadEndpoint({ address: service.hostname }, one.port)]
              : registry.endpointsOf(one.service, one.port),
          )
          .filter((one) => matchesLabels(one.labels, labels))
  return {
    externalName: found.name,
    ...(own ? {} : { endpoints }),
    ...(found.once && { once: true }),
    ...(port?.targetPort === undefined ? {} : { targetPort: port.targetPort }),
  }
}

/** Whether DNS is asked for the service's own name. */
const isOwnName = (found: Found): boolean =>
  found.by === 'dns' && found.endpoints === undefined && found.selector === undefined

// Only what was captured was on its way to an address, and what is no request has no authority.
const manyOf = (
  { by }: Found,
  service: CompiledService,
  port: CompiledPort | undefined,
  { mode, apart }: Pick<SliceVariant, 'mode' | 'apart'>,
): 'original' | 'authority' | undefined => {
  if (by === 'askedName') return 'authority'
  if (by !== 'caller') return undefined
  if (port?.http === false) return 'original'
  const atPlaces = apart !== undefined && port !== undefined && isBoundOnly(service, port, apart)
  return mode === 'captured' && !atPlaces ? 'original' : 'authority'
}
