import { clip } from '../checkText.ts'
import { problemCodes } from '../problemCode.ts'
import type { Path } from '../sourceNode.ts'
import type { Finding } from './codec.ts'

/** A finding for each of `items` whose key an earlier one has. */
export const duplicates = <A>(
  items: readonly A[],
  keyOf: (item: A) => string | number,
  what: string,
  pathOf: (index: number) => Path,
): readonly Finding[] => {
  const seen = new Set<string | number>()
  const findings: Finding[] = []
  for (const [i, item] of items.entries()) {
    const key = keyOf(item)
    if (seen.has(key)) {
      const message = `The ${what} ${clip(String(key))} stands twice; leave one.`
      findings.push({ code: problemCodes.duplicate, message, path: pathOf(i) })
    }
    seen.add(key)
  }
  return findings
}
