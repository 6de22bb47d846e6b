import type { Timers } from './timers.ts'

/** What came of a question: all that was missing, or it is to be asked again. */
export type Outcome = 'done' | 'again'

/** Asks one question at a time, again until it is answered. */
export type Asking = {
  /** Asks, once more where a question is under way. */
  ask(): void
  counters(): { readonly syncs: number; readonly syncsFailed: number }
}

/** Between two askings that brought nothing: from, doubling, to. */
const againMs = { first: 100, most: 2_000 }

/** Asks by `question`, which may reject. `random`, between 0 and 1, spreads what many ask again. */
export const createAsking = (
  question: () => Promise<Outcome>,
  { later }: Pick<Timers, 'later'>,
  random: () => number,
): Asking => {
  const counted = { syncs: 0, syncsFailed: 0 }
  let asking = false
  let onceMore = false
  let waitMs = againMs.first
  let turn = 0
  const ask = (): void => {
    if (asking) {
      onceMore = true
      return
    }
    asking = true
    onceMore = false
    turn += 1
    const mine = turn
    counted.syncs += 1
    question()
      .catch((): Outcome => 'again')
      .then((outcome) => {
        asking = false
        if (outcome === 'again') {
          counted.syncsFailed += 1
          waitMs = Math.min(againMs.most, waitMs * 2)
          // Whoever was asked meanwhile for another reason need not be asked for this one.
          later(waitMs * (0.5 + random() / 2), () => (mine === turn ? ask() : undefined))
        } else {
          waitMs = againMs.first
          if (onceMore) ask()
        }
      })
  }
  return { ask, counters: () => ({ ...counted }) }
}
