import type { Limit } from './limits.ts'
import type { Problems } from './problems.ts'
import type { Rules } from './schema.ts'
import type { Writer } from './writer.ts'

/** How values of one scalar type go from JSON to bytes. */
export type Scalar<A> = {
  readonly wireType: number
  /** The value that `json` stands for; `undefined` after a report. */
  readonly parse: (json: unknown, problems: Problems) => A | undefined
  /** Without tag, with the length where one belongs. */
  readonly write: (writer: Writer, value: A) => void
  readonly isDefault: (value: A) => boolean
  readonly limit: (rules: Rules) => Limit<A> | undefined
}
