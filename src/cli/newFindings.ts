import type { Diagnostic } from '../model/diagnostic.ts'

/** Tells `notice` of each look at a registry what the look before had not found, and when all is well again. */
export const newFindings = (
  source: string,
  notice: (message: string) => void,
): ((found: readonly Diagnostic[]) => void) => {
  let before: ReadonlySet<string> = new Set()
  return (found) => {
    const now = new Set(found.map(({ severity, code, message }) => `${severity} ${code} ${message}`))
    for (const finding of now) if (!before.has(finding)) notice(`${source}: ${finding}`)
    if (now.size === 0 && before.size > 0) notice(`${source}: nothing is the matter any more`)
    before = now
  }
}
