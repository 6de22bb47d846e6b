import type { Position } from '../../model/entry.ts'

/** Which clusters' endpoints changed when, of late. */
export type Recent = {
  note(cluster: string, position: Position, nowMs: number): void
  /** Clusters that changed after `position`, each once; undefined when that is not remembered. */
  since(position: Position): readonly string[] | undefined
  /** Clusters that changed after `ms`, each once. */
  after(ms: number): readonly string[]
}

type Change = { readonly cluster: string; readonly position: Position; readonly atMs: number }

const maxChanges = 65_536

/** Remembers the newest changes after `start`, as many as 65,536. */
export const createRecent = (start: Position): Recent => {
  let changes: Change[] = []
  let forgottenTo: Position = start
  const newestFirst = (isWanted: (change: Change) => boolean): string[] => {
    const found = new Set<string>()
    for (let i = changes.length - 1; i >= 0; i -= 1) {
      const change = changes[i] as Change
      if (!isWanted(change)) break
      found.add(change.cluster)
    }
    return [...found]
  }
  return {
    note: (cluster, position, atMs) => {
      changes.push({ cluster, position, atMs })
      if (changes.length < 2 * maxChanges) return
      forgottenTo = changes[maxChanges - 1]?.position ?? 0
      changes = changes.slice(maxChanges)
    },
    since: (position) =>
      position < forgottenTo ? undefined : newestFirst((change) => change.position > position),
    after: (ms) => newestFirst(({ atMs }) => atMs > ms),
  }
}
