import type { ConfigKind, Stored } from '../../model/mesh.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import { orderedMultimap } from '../registry/orderedMultimap.ts'
import { hostPatterns } from './hostPatterns.ts'

/** Rules by the hosts that they are for, resolved; `*.suffix` and `*` stand for themselves. */
export type RulesByHost<K extends ConfigKind> = {
  /** Those whose host is exactly `host`, by key. */
  at(host: string): readonly Stored<K>[]
  /** Those with a host that takes `hostname`: the more specific host first, then the smaller key. */
  taking(hostname: string): readonly Stored<K>[]
  add(host: string, rule: Stored<K>): void
  delete(host: string, rule: Stored<K>): void
}

/** An index of no rules. */
export const rulesByHost = <K extends ConfigKind>(): RulesByHost<K> => {
  const byHost = orderedMultimap<Stored<K>>(byKey)
  // Asked for every hostname of every view, and most meshes have none of these.
  const patterns = new Set<string>()
  return {
    at: byHost.get,
    taking: (hostname) =>
      patterns.size === 0
        ? byHost.get(hostname)
        : hostPatterns(hostname)
            .filter((host, i) => i === 0 || patterns.has(host))
            .flatMap(byHost.get),
    add: (host, rule) => {
      byHost.add(host, rule)
      if (host.startsWith('*')) patterns.add(host)
    },
    delete: (host, rule) => {
      byHost.delete(host, rule)
      if (!byHost.has(host)) patterns.delete(host)
    },
  }
}

const byKey = (a: Stored, b: Stored): number =>
  byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource)))
