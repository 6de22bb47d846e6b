import { byCodeUnit } from '../../model/resourceName.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import type { DomainClaims } from '../registry/domainClaims.ts'
import { hostsOf } from '../registry/hostnames.ts'
import type { CallableNames } from './callableNames.ts'
import type { Scope } from './scope.ts'
import type { SliceVariant } from './slice.ts'

/** Those of its contested hosts that `service` may not answer to on `port`, because another service in the caller's scope has a better
 *  claim: a mesh service's full name goes before an external host's, that before a short form or virtual IP, then
 *  the smaller key. At a place only those in its `scope` contend. */
export const lostHosts = (
  service: CompiledService,
  { contested }: Pick<CallableNames, 'contested'>,
  port: number,
  variant: Pick<SliceVariant, 'domain' | 'inScope'>,
  claims: DomainClaims,
  scope?: Scope,
): readonly string[] =>
  contested.filter((host) => rivalFor(host, service, port, variant, claims, scope) !== undefined)

/** The service with the best claim to `host` on `port`, where it is better than that of `service`. */
export const rivalFor = (
  host: string,
  service: CompiledService,
  port: number,
  variant: Pick<SliceVariant, 'domain' | 'inScope'>,
  claims: DomainClaims,
  scope?: Scope,
): CompiledService | undefined => {
  let best: CompiledService | undefined
  for (const rival of claims.get(host))
    if (
      rival.hostname !== service.hostname &&
      outranks(rival, best ?? service, host) &&
      rival.ports.some((one) => one.http && one.port === port) &&
      hostsOf(rival, variant.domain).includes(host) &&
      variant.inScope(rival, port, scope)
    )
      best = rival
  return best
}

const outranks = (rival: CompiledService, service: CompiledService, host: string): boolean =>
  (rank(rival, host) - rank(service, host) || byCodeUnit(rival.key, service.key)) < 0

const rank = ({ hostname, external }: CompiledService, host: string): number => {
  if (host !== hostname) return 2
  return external ? 1 : 0
}
