import { setTimeout as after } from 'node:timers/promises'

/** Resolves once `fact` holds; rejects with what `told` says when it does not in `limitMs`. */
export const until = async (
  fact: () => boolean | Promise<boolean>,
  told: () => string = () => '',
  limitMs = 20_000,
): Promise<void> => {
  for (const deadlineMs = performance.now() + limitMs; !(await fact()); await after(10)) {
    if (performance.now() > deadlineMs) throw new Error(`not so in ${limitMs} ms: ${fact} ${told()}`)
  }
}
