/** Calls `run` once things have been quiet. */
export type Settle = {
  /** Something happened. */
  touch(): void
  /** No call comes after this, a call under way excepted. */
  stop(): void
}

/** A Settle that waits for `quietMs` without a touch, but for no more than `atMostMs` since the first. */
export const settle = (quietMs: number, atMostMs: number, run: () => void): Settle => {
  let quiet: NodeJS.Timeout | undefined
  let latest: NodeJS.Timeout | undefined
  const stop = (): void => {
    clearTimeout(quiet)
    clearTimeout(latest)
    quiet = undefined
    latest = undefined
  }
  const go = (): void => {
    stop()
    run()
  }
  return {
    touch: () => {
      clearTimeout(quiet)
      quiet = setTimeout(go, quietMs)
      latest ??= setTimeout(go, atMostMs)
    },
    stop,
  }
}
