import { isRight } from 'fp-ts/lib/Either.js'
import { durationMs } from '../model/duration.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import { subsetName } from './clusterName.ts'
import { outboundClusterJson } from './clusters.ts'
import type { CompiledService } from './compiledService.ts'
import { tryXdsResource, xdsResource } from './encoded.ts'
import type { Destination } from './httpRoute.ts'
import { policyFor } from './policies.ts'
import { type Provenance, provenanceOf } from './provenance.ts'
import type { Registry } from './registry.ts'
import type { ClusterPart, SliceVariant } from './slice.ts'

/** The cluster of a destination. An unknown service has one too, without endpoints: a route to it then answers 503
 *  instead of being held back for ever; it names `referrer`, the rule or service that leads there. */
export const clusterPart = (
  destination: Destination,
  referrer: Provenance,
  variant: Pick<SliceVariant, 'sourceRules' | 'mode'>,
  registry: Registry,
): ClusterPart => {
  const { hostname, port, labels, cluster } = destination
  const service = registry.service(hostname)
  const servicePort = service?.ports.find((one) => one.port === port)
  const policy = policyFor(
    registry
      .policiesTo(hostname)
      .filter(
        ({ resource }) =>
          resource.spec.source === undefined || variant.sourceRules.has(keyOf(nameOf(resource))),
      ),
    labels,
  )
  const rule = service === undefined ? referrer : provenanceOf(service.stored)
  const external = service?.externalName
  const plain = {
    hostname,
    port,
    protocol: servicePort?.protocol ?? 'HTTP',
    subset: subsetName(labels),
    connectTimeoutMs: durationMs(registry.settings().connectTimeout) ?? 1000,
    rule,
    ...(external === undefined ? {} : { externalName: external }),
    ...(service?.many && { many: manyOf(service.many, variant) }),
    ...(servicePort?.http && servicePort.protocol === 'HTTPS'
      ? { trustedCaPath: registry.settings().trustedCaPath }
      : {}),
  }
  const withPolicy =
    policy &&
    tryXdsResource(
      'clusters',
      cluster,
      outboundClusterJson({ ...plain, rule: provenanceOf(policy), policy: policy.resource.spec }),
      [provenanceOf(policy), rule],
    )
  return {
    resource:
      withPolicy !== undefined && isRight(withPolicy)
        ? withPolicy.right
        : xdsResource('clusters', cluster, outboundClusterJson(plain), [rule]),
    hostname,
    port,
    labels,
    eds: external === undefined,
  }
}

// Only a captured request was on its way to an address.
const manyOf = (
  many: NonNullable<CompiledService['many']>,
  { mode }: Pick<SliceVariant, 'mode'>,
): 'original' | 'authority' => (many === 'subnet' || mode === 'captured' ? 'original' : 'authority')
