import type { Problem } from '../model/diagnostic.ts'

/** Why documents are refused as a whole, by the gravest of all problems: `TooLarge` (HTTP 413) before `Syntax`
 *  (cannot be read, 400) before `Refused` (read but not accepted, 422). */
export type Unreadable = {
  readonly _tag: 'TooLarge' | 'Syntax' | 'Refused'
  readonly problems: readonly Problem[]
}

/** `problems` with the tag of the gravest. */
export const unreadable = (problems: readonly Problem[]): Unreadable => {
  const has = (prefix: string): boolean => problems.some(({ code }) => code.startsWith(prefix))
  return { _tag: has('RUT109') ? 'TooLarge' : has('RUT10') ? 'Syntax' : 'Refused', problems }
}
