/** A duration in canonical JSON, in whole milliseconds: `1500` is `1.5s`. Rounded up, because Envoy cuts what is
 *  below a millisecond, and reads 0 as never. */
export const envoyDuration = (durationMs: number): string =>
  durationMs % 1000 === 0
    ? `${durationMs / 1000}s`
    : `${(Math.ceil(durationMs) / 1000).toFixed(3).replace(/\.?0+$/, '')}s`
