import { pointerStep } from '../model/pointerStep.ts'
/** One thing that is wrong with a message in JSON. */
export type EncodeProblem = {
  /** JSON pointer into the message; of something that is missing, to the object that lacks it. */
  readonly path: string
  readonly message: string
}

/** Problems found so far, at most 50: more would not be read, and hostile input could make millions. */
export type Problems = EncodeProblem[]

/** Notes a problem with the value at hand; its path grows while the callers `locate` it. */
export const report = (problems: Problems, message: string): void => {
  if (!full(problems)) problems.push({ path: '', message })
}

/** True when nothing more is noted, so that it need not be found out. */
export const full = (problems: Problems): boolean => problems.length >= 50

/** Puts `key` in front of the paths of all problems from the one numbered `since` on. */
export const locate = (problems: Problems, since: number, key: string | number): void => {
  const step = pointerStep(key)
  for (const [i, { path, message }] of problems.entries()) {
    if (i >= since) problems[i] = { path: step + path, message }
  }
}

/** A value as a sentence shows it: its kind, or itself where that is short. */
export const shown = (value: unknown): string => {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`
  if (typeof value !== 'string') return String(value)
  return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
}
