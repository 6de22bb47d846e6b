/** Percent by version, as a rule asks for it or as it was seen. */
export type Split = Readonly<Record<string, number>>

/** How `answers` split over the versions, in percent with one decimal; every version of `expected` is named. */
export const splitOf = (answers: readonly string[], expected: Split): Split => {
  const counts = new Map<string, number>(Object.keys(expected).map((version) => [version, 0]))
  for (const version of answers) counts.set(version, (counts.get(version) ?? 0) + 1)
  const total = Math.max(1, answers.length)
  return Object.fromEntries(
    [...counts].map(([version, count]) => [version, Math.round((1000 * count) / total) / 10]),
  )
}

/** True when every version is seen within `points` of what is expected; one that is not expected counts as 0. */
export const isAsExpected = (seen: Split, expected: Split, points: number): boolean =>
  Object.entries({ ...seen, ...expected }).every(
    ([version]) => Math.abs((seen[version] ?? 0) - (expected[version] ?? 0)) <= points,
  )

/** `v1 90.1%  v2 9.9%`. */
export const splitText = (split: Split): string =>
  Object.entries(split)
    .map(([version, percent]) => `${version} ${percent.toFixed(1)}%`)
    .join('  ')
