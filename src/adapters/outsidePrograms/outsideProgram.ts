import type { Either } from 'fp-ts/lib/Either.js'

/** The environment variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>

/** A program that was found and has answered which version it is. */
export type FoundProgram = {
  readonly path: string
  /** Such as `1.40.0`. */
  readonly version: string
  /** How it was found: the name of a variable (`RUTTER_ENVOY`), `PATH`, or `cache`. */
  readonly from: string
}

/** Why there is none, or none that can be used, and how to get it; each a sentence without its stop. */
export type MissingProgram = {
  readonly _tag: 'MissingProgram'
  readonly problem: string
  readonly advice: string
}

/** A program of others that is looked for, and can be fetched into Rutter's cache. */
export type OutsideProgram = {
  readonly name: string
  /** The environment variable that names its binary, such as `RUTTER_ENVOY`. */
  readonly variable: string
  /** The variable that names its binary comes before PATH, which comes before the cache. Never rejects. */
  find(env: Environment): Promise<Either<MissingProgram, FoundProgram>>
  /** Gets it into the cache in place of what stands there, and tells of every long step through `progress`. Several
   *  may fetch at once. Takes at most ten minutes, ends early when `signal` aborts; leaves nothing half done. */
  fetch(
    env: Environment,
    progress: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<Either<MissingProgram, FoundProgram>>
}

/** A `MissingProgram`. */
export const missing = (problem: string, advice: string): MissingProgram => ({
  _tag: 'MissingProgram',
  problem,
  advice,
})
