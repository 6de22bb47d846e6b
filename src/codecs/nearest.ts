/** The one of `known` that was most likely meant by `word`, case aside: at most a third of its letters away, never more
 *  than three; of equals the first. `undefined` when nothing is near. */
export const nearest = (word: string, known: readonly string[]): string | undefined => {
  if (word.length > 64) return undefined
  let best: string | undefined
  let bestDistance = Math.min(3, Math.ceil(word.length / 3)) + 1
  for (const candidate of known) {
    const away = distance(word.toLowerCase(), candidate.toLowerCase())
    if (away < bestDistance) [best, bestDistance] = [candidate, away]
  }
  return best
}

/** Insertions, deletions and replacements that lead from `a` to `b` (Levenshtein). */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, replaced))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** ` Did you mean "…"?` when something known is near, else what is known, both to follow a sentence. */
export const suggestion = (word: string, known: readonly string[]): string => {
  const meant = nearest(word, known)
  return meant === undefined ? ` Known are ${known.join(', ')}.` : ` Did you mean "${meant}"?`
}
