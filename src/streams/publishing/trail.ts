/** Which digests some content had of late, and until when. */
export type Trail = {
  /** The content has had `digest` until now. */
  left(digest: string, nowMs: number): void
  /** Until when it had `digest`, the last time; undefined where that is not remembered. */
  until(digest: string): number | undefined
}

/** What was left longer ago is forgotten: an agent that is so far behind misses something. */
const rememberedMs = 30_000
/** So many changes, 5 ms apart, are 20 s. */
const maxRemembered = 4_096

/** Content that has not changed yet. */
export const createTrail = (): Trail => {
  const leftMs = new Map<string, number>()
  return {
    left: (digest, nowMs) => {
      // Where it was left before, it moves to the end: the oldest stand first.
      leftMs.delete(digest)
      leftMs.set(digest, nowMs)
      for (const [oldest, ms] of leftMs) {
        if (leftMs.size <= maxRemembered && nowMs - ms <= rememberedMs) break
        leftMs.delete(oldest)
      }
    },
    until: (digest) => leftMs.get(digest),
  }
}
