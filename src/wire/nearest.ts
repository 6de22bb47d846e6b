/** `; did you mean X?` with the candidate nearest to `word`, or nothing when none is near (a third of its letters, at
 *  most 3 edits). Case and underscores count little: people mix the two spellings of a field. */
export const nearest = (word: string, candidates: Iterable<string>): string => {
  if (word.length > 64) return ''
  const plain = plainly(word)
  let best = ''
  let bestEdits = Math.min(3, Math.floor(plain.length / 3)) + 1
  for (const candidate of candidates) {
    const other = plainly(candidate)
    if (Math.abs(other.length - plain.length) >= bestEdits) continue
    const edits = editsBetween(plain, other)
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits]
  }
  return best === '' ? '' : `; did you mean ${best}?`
}

const plainly = (word: string): string => word.toLowerCase().replaceAll('_', '')

/** Insertions, deletions and replacements that lead from `a` to `b` (Levenshtein). */
const editsBetween = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
