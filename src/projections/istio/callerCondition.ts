import { subsetName } from '../clusters/clusterName.ts'
import type { SliceVariant } from '../views/slice.ts'

/** What of a caller Istio's rules ask for. */
export type CallerCondition = {
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
}

/** What of a variant tells whether a condition holds for its callers. */
export type CallerTraits = Pick<SliceVariant, 'namespace' | 'sourceRules'>

/** The text by which a variant knows that its callers have all of `labels`. */
export const labelsKey = (labels: Readonly<Record<string, string>>): string => `labels ${subsetName(labels)}`

/** True when callers of `variant` meet `condition`. */
export const meets = ({ namespace, labels }: CallerCondition, variant: CallerTraits): boolean =>
  (namespace === undefined || namespace === variant.namespace) &&
  (labels === undefined || Object.keys(labels).length === 0 || variant.sourceRules.has(labelsKey(labels)))

/** True when a rule of `ruleNamespace` with this `exportTo` is seen from the callers' namespace. */
export const isExportedTo = (
  exportTo: readonly string[] | undefined,
  ruleNamespace: string,
  { namespace }: Pick<CallerTraits, 'namespace'>,
): boolean =>
  exportTo === undefined ||
  exportTo.length === 0 ||
  exportTo.some((to) => to === '*' || (to === '.' ? ruleNamespace : to) === namespace)
