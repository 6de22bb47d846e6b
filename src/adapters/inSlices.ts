import { setImmediate as turn } from 'node:timers/promises'

/** Longer than this is nobody kept waiting, as long as no part of the work takes longer by itself. */
const sliceMs = 10

/** What `work`, which rests between its parts, comes to. Others have their turn every 10 ms. */
export const inSlices = async <T>(work: Generator<undefined, T>): Promise<T> => {
  let fromMs = performance.now()
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    if (performance.now() - fromMs < sliceMs) continue
    await turn()
    fromMs = performance.now()
  }
}
