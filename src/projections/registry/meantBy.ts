import { byCodeUnit } from '../../model/resourceName.ts'
import { mergedEntries } from '../istio/mergedEntries.ts'
import type { CompiledService } from './compiledService.ts'

/** What `declarations` of one hostname come to, in the order in which they go: Services, then ServiceEntries, those of one
 *  namespace together, then EgressRules, each by key. */
export const claimantsAmong = (declarations: Iterable<CompiledService>): readonly CompiledService[] => {
  const all = Array.isArray(declarations) ? (declarations as readonly CompiledService[]) : [...declarations]
  if (all.length < 2) return all
  const groups = new Map<string, [CompiledService, ...CompiledService[]]>()
  for (const one of [...all].sort((a, b) => byCodeUnit(a.key, b.key))) {
    const group = isEntry(one) ? `entries of ${one.namespace}` : one.key
    const its = groups.get(group)
    if (its === undefined) groups.set(group, [one])
    else its.push(one)
  }
  return [...groups.values()].map(mergedEntries)
}

/** Which of `claimants`, in their order, callers in `namespace` mean: the first, but of ServiceEntries those of their own
 *  namespace. */
export const meantBy = (
  claimants: readonly CompiledService[],
  namespace: string,
): CompiledService | undefined => {
  const [first] = claimants
  if (first === undefined || !isEntry(first)) return first
  return claimants.find((one) => isEntry(one) && one.namespace === namespace) ?? first
}

const isEntry = ({ stored }: CompiledService): boolean => stored.resource.kind === 'ServiceEntry'
