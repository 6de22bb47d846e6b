import type { Stored } from '../../model/mesh.ts'
import type { Registry } from '../registry/registry.ts'
import { type CallerTraits, isExportedTo, meets } from './callerCondition.ts'
import { selectedLabels } from './labelConditionsOf.ts'

/** The DestinationRule that holds for `hostname` and callers of this variant: of the callers' namespace before the
 *  service's, and no other's; with a selector before without; the more specific host; the smaller key. */
export const destinationRuleFor = (
  hostname: string,
  variant: CallerTraits,
  registry: Registry,
): Stored<'DestinationRule'> | undefined => {
  const all = destinationRulesOf(hostname, registry)
  if (all.length === 0) return undefined
  const able = all.filter((rule) => isFor(rule, hostname, variant, registry))
  return able.find(({ resource }) => resource.metadata.namespace === variant.namespace) ?? able[0]
}

/** Every DestinationRule that may hold for `hostname` and some caller, in the order in which they are tried. */
export const destinationRulesOf = (
  hostname: string,
  registry: Pick<Registry, 'istio'>,
): readonly Stored<'DestinationRule'>[] => {
  const taking = registry.istio.destinationRules.taking(hostname)
  return taking.length < 2 ? taking : [...taking].sort((a, b) => selectorRank(a) - selectorRank(b))
}

/** Whether `rule` may hold for callers of this variant, were it the only one. */
export const isFor = (
  { resource }: Stored<'DestinationRule'>,
  hostname: string,
  variant: CallerTraits,
  registry: Pick<Registry, 'service'>,
): boolean => {
  const { namespace } = resource.metadata
  const labels = selectedLabels(resource)
  const service = registry.service(hostname)
  const near = namespace === variant.namespace || service === undefined || namespace === service.namespace
  return (
    near &&
    isExportedTo(resource.spec.exportTo, namespace, variant) &&
    (labels === undefined || meets({ namespace, labels }, variant))
  )
}

const selectorRank = ({ resource }: Stored<'DestinationRule'>): number =>
  selectedLabels(resource) === undefined ? 1 : 0
