import type { IstioService } from '../../model/routeRule.ts'
import { resolveDestination } from '../registry/hostnames.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'

/** The source of a rule, and the rule's namespace. */
type RuleSource = { readonly source: IstioService | undefined; readonly namespace: string }

/** True when every caller that the second source means is also meant by the first. */
export const sourceCovers = (first: RuleSource, second: RuleSource, meshDomain: string): boolean => {
  if (first.source === undefined) return true
  if (second.source === undefined) return false
  return (
    resolveDestination(first.source, first.namespace, meshDomain) ===
      resolveDestination(second.source, second.namespace, meshDomain) &&
    matchesLabels(second.source.labels ?? {}, first.source.labels ?? {})
  )
}
