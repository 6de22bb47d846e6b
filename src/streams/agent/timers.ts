/** Work that is to be done later, as long as its owner goes on. */
export type Timers = {
  later(ms: number, work: () => void): void
  /** Nothing that waits, or comes later, is done any more. */
  stop(): void
}

/** Nothing to do yet. */
export const createTimers = (): Timers => {
  let stopped = false
  const timers = new Set<ReturnType<typeof setTimeout>>()
  return {
    later: (ms, work) => {
      if (stopped) return
      const timer = setTimeout(() => {
        timers.delete(timer)
        work()
      }, ms)
      timers.add(timer)
    },
    stop: () => {
      stopped = true
      for (const timer of timers) clearTimeout(timer)
      timers.clear()
    },
  }
}
