/** Does `work`, which rests between its parts, without rest. */
export const atOnce = <T>(work: Generator<undefined, T>): T => {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
  }
}
