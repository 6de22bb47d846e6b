import type { RuleName } from './explanation.ts'
import { type Json, mapAt, numberAt, textAt } from './json.ts'

/** The rule that `json`'s metadata names (`filter_metadata.rutter`, contract §4), or `undefined`. */
export const ruleNameOf = (json: Json): RuleName | undefined => {
  const metadata = mapAt(mapAt(mapAt(json, 'metadata'), 'filter_metadata'), 'rutter')
  const rule = textAt(metadata, 'rule')
  if (rule === undefined) return undefined
  const position = numberAt(metadata, 'position')
  return position === undefined ? { rule } : { rule, position }
}
