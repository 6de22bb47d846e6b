/** A duration in canonical JSON: `1500` is `1.5s`. Whole nanoseconds, never in exponent form. */
export const envoyDuration = (durationMs: number): string =>
  `${(durationMs / 1000).toFixed(9).replace(/\.?0+$/, '')}s`
