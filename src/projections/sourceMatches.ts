import type { IstioService } from '../model/routeRule.ts'
import { resolveDestination } from './hostnames.ts'
import { matchesLabels } from './instanceEndpoints.ts'

/** A service that a proxy's own instance is part of, with that instance's labels. */
export type Caller = { readonly hostname: string; readonly labels: Readonly<Record<string, string>> }

/** True when a rule of `ruleNamespace` with this `source` concerns a proxy: there is no source, or one of the
 *  proxy's callers is of that service and has all of its labels. */
export const sourceMatches = (
  source: IstioService | undefined,
  ruleNamespace: string,
  meshDomain: string,
  callers: readonly Caller[],
): boolean => {
  if (source === undefined) return true
  const hostname = resolveDestination(source, ruleNamespace, meshDomain)
  return callers.some(
    (caller) => caller.hostname === hostname && matchesLabels(caller.labels, source.labels ?? {}),
  )
}
