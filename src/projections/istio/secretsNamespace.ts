import type { Resource } from '../../model/resource.ts'
import type { SliceVariant } from '../views/slice.ts'
import { selectedLabels } from './labelConditionsOf.ts'

/** The namespace whose secrets `rule` means to callers of this variant, their own; `undefined` to callers that get none
 *  by it: sidecars, where it does not say by a `workloadSelector` which of them are meant. */
export const secretsNamespace = (
  rule: Resource<'DestinationRule'>,
  { mode, namespace }: Pick<SliceVariant, 'mode' | 'namespace'>,
): string | undefined => (edges.has(mode) || selectedLabels(rule) !== undefined ? namespace : undefined)

const edges: ReadonlySet<SliceVariant['mode']> = new Set(['ingress', 'gateway', 'router'])
