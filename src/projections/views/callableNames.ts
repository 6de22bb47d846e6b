import type { CompiledService } from '../registry/compiledService.ts'
import type { DomainClaims } from '../registry/domainClaims.ts'
import { hostsOf } from '../registry/hostnames.ts'

/** How a service may be called. */
export type CallableNames = {
  /** Short forms of its name, its name, its virtual IPs. */
  readonly hosts: readonly string[]
  /** Those that other services may claim too. */
  readonly contested: readonly string[]
}

/** How callers of `domain` may call `service`. */
export const callableNames = (
  service: CompiledService,
  domain: string,
  claims: DomainClaims,
): CallableNames => {
  const hosts = hostsOf(service, domain)
  return hosts.some(claims.hasMany)
    ? { hosts, contested: hosts.filter(claims.hasMany) }
    : { hosts, contested: none }
}

const none: readonly string[] = []
