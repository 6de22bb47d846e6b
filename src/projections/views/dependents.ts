import { hostPatterns } from '../istio/hostPatterns.ts'
import { multimap } from '../registry/multimap.ts'
import type { Registry } from '../registry/registry.ts'
import { foreignHostnames } from './foreignHostnames.ts'

/** Which hostnames' slices hang on other hostnames: rules to the one lead to the others. */
export type Dependents = {
  /** Looks up anew what the slices of `hostname` hang on. */
  learn(hostname: string): void
  /** What they hang on beside it, as learnt last. */
  foreignTo(hostname: string): readonly string[]
  /** `hostnames`, and those whose slices hang on any of them. */
  withDependents(hostnames: ReadonlySet<string>): Set<string>
  /** Hostnames that slices hang on and some pattern takes: a service that is not there has no other index. */
  under(patterns: ReadonlySet<string>): readonly string[]
}

/** Nothing learnt yet. */
export const createDependents = (registry: Registry): Dependents => {
  const byForeign = multimap<string>()
  const foreign = new Map<string, readonly string[]>()
  return {
    learn: (hostname) => {
      const its = new Set(registry.claimants(hostname).flatMap((one) => foreignHostnames(one, registry)))
      for (const other of foreign.get(hostname) ?? []) byForeign.delete(other, hostname)
      for (const other of its) byForeign.add(other, hostname)
      if (its.size > 0) foreign.set(hostname, [...its])
      else foreign.delete(hostname)
    },
    foreignTo: (hostname) => foreign.get(hostname) ?? [],
    withDependents: (hostnames) => {
      const all = new Set(hostnames)
      for (const hostname of hostnames) for (const dependent of byForeign.get(hostname)) all.add(dependent)
      return all
    },
    under: (patterns) =>
      patterns.size === 0
        ? []
        : [...byForeign.keys()].filter((hostname) =>
            hostPatterns(hostname).some((pattern) => patterns.has(pattern)),
          ),
  }
}
