import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Stored } from '../../model/mesh.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'

/** Resources sorted by kind, namespace and name. */
export type Run = readonly { readonly key: string; readonly stored: Stored }[]

// Some milliseconds of sorting.
const runItems = 4096

/** `found` in sorted runs of at most 4,096, with a turn for others after each: sorting a large mesh at once would hold
 *  up everything for hundreds of milliseconds. */
export const sortedRuns = async (found: Iterable<Stored>): Promise<readonly Run[]> => {
  const runs: Run[] = []
  let run: { key: string; stored: Stored }[] = []
  const close = () => {
    runs.push(run.sort((a, b) => byCodeUnit(a.key, b.key)))
    run = []
  }
  for (const stored of found) {
    run.push({ key: keyOf(nameOf(stored.resource)), stored })
    if (run.length < runItems) continue
    close()
    await nextTurn()
  }
  if (run.length > 0) close()
  return runs
}

/** All of `runs` as one, in order. */
export function* merged(runs: readonly Run[]): Generator<Stored> {
  const heads = runs.map((run) => ({ run, at: 0 }))
  while (heads.length > 0) {
    let least = heads[0] as (typeof heads)[number]
    for (const head of heads) if (keyAt(head) < keyAt(least)) least = head
    yield (least.run[least.at] as Run[number]).stored
    least.at += 1
    if (least.at === least.run.length) heads.splice(heads.indexOf(least), 1)
  }
}

const keyAt = ({ run, at }: { readonly run: Run; readonly at: number }): string => run[at]?.key ?? ''
