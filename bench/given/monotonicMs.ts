/** Milliseconds of a clock that all processes of this machine share (`CLOCK_MONOTONIC`). */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6
