import { secretsOfClusters } from '../clusters/secretsOfClusters.ts'
import type { Changes } from './changes.ts'
import type { Slice } from './slice.ts'
import type { View } from './view.ts'

/** Counts the secrets that `slice` asks for in place of those of `before`, and notes those that came or went. */
export const putSecrets = (
  view: View,
  before: Slice | undefined,
  slice: Slice | undefined,
  changes: Changes,
): void => {
  for (const name of secretsOf(slice)) {
    const uses = view.secretUses.get(name) ?? 0
    if (uses === 0) changes.secrets.add(name)
    view.secretUses.set(name, uses + 1)
  }
  for (const name of secretsOf(before)) {
    const uses = view.secretUses.get(name) ?? 0
    if (uses > 1) view.secretUses.set(name, uses - 1)
    else {
      view.secretUses.delete(name)
      changes.secrets.add(name)
    }
  }
}

/** Names of the secrets that its listeners and clusters ask for. */
const secretsOf = (slice: Slice | undefined): ReadonlySet<string> => {
  if (slice === undefined) return none
  const ofClusters = secretsOfClusters(slice.clusters)
  return slice.secrets === undefined ? ofClusters : new Set([...slice.secrets, ...ofClusters])
}

const none: ReadonlySet<string> = new Set()
