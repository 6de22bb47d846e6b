/** Tells whoever looks every `everyMs`, the first time at `startMs`, for how many milliseconds before this look nothing
 *  here could run: the machine or the process was stopped, or had too much to do. 0 where the look is late by less than
 *  one turn. What was not heard in that time says nothing of whoever should have been heard. */
export const createStandstill = (everyMs: number, startMs: number): ((nowMs: number) => number) => {
  let lookedMs = startMs
  return (nowMs) => {
    const lateMs = nowMs - lookedMs - everyMs
    lookedMs = nowMs
    return lateMs < everyMs ? 0 : lateMs
  }
}
