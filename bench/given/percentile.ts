/** The value below which `share` (0–1) of `values` lie, to two decimals. */
export const percentile = (values: readonly number[], share: number): string => {
  const sorted = [...values].sort((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(2)
}
