import { byCodeUnit } from '../../model/resourceName.ts'
import type { RuleMatch, StringMatch } from '../../model/routeRule.ts'
import type { HttpMatch, TextMatch } from './httpRoute.ts'

/** What a rule of 2017 matches of a request. The header names `uri`, `method`, `authority` and `scheme` mean those
 *  parts of it; real headers come sorted by name. */
export const compileRuleMatch = (match: RuleMatch | undefined): HttpMatch => {
  const given = new Map(Object.entries(match?.request?.headers ?? {}))
  const special = (name: string): TextMatch | undefined => {
    const text = given.get(name)
    return text && textMatch(text)
  }
  const [path, method, authority, scheme] = ['uri', 'method', 'authority', 'scheme'].map(special)
  return {
    ...(path && { path }),
    ...(method && { method }),
    ...(authority && { authority }),
    ...(scheme && { scheme }),
    headers: [...given]
      .filter(([name]) => !specialNames.has(name))
      .sort(([a], [b]) => byCodeUnit(a, b))
      .map(([name, text]) => ({ name, text: textMatch(text) })),
    query: [],
  }
}

const specialNames: ReadonlySet<string> = new Set(['uri', 'method', 'authority', 'scheme'])

const textMatch = ({ exact, prefix, regex }: StringMatch): TextMatch => {
  if (exact !== undefined) return { kind: 'exact', value: exact }
  if (prefix !== undefined) return { kind: 'prefix', value: prefix }
  return { kind: 'regex', value: regex ?? '' }
}
