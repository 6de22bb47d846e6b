import type { CompiledService } from './compiledService.ts'
import { type Multimap, multimap } from './multimap.ts'

/** Which services might answer to a domain, for whatever proxy. A domain that only one may claim needs no further
 *  look, and that is nearly every domain. */
export type DomainClaims = Multimap<CompiledService>

export const domainClaims = (): DomainClaims => multimap()

/** Every form by which some proxy may call `service`: its hostname, each shorter run of its leading labels, its VIPs. */
export const claimedForms = ({ hostname, addresses }: CompiledService): string[] => {
  if (hostname.startsWith('*')) return [hostname, ...addresses]
  const labels = hostname.split('.')
  const forms = labels.map((_, i) => labels.slice(0, i + 1).join('.'))
  return [...forms, ...addresses]
}
