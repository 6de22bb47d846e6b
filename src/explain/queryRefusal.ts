import { flagAt, type Json, mapAt, othersIn, textAt } from './json.ts'
import { textRefusal } from './textRefusal.ts'

const known: ReadonlySet<string> = new Set(['name', 'string_match', 'present_match'])

/** Why the query of `path` does not meet a QueryParameterMatcher (envoy/config/route/v3/route_components.proto), or
 *  `undefined` where it does. Names and values are compared as they were sent, `%XX` and all; of several values the
 *  first counts. */
export const queryRefusal = (matcher: Json, path: string): string | undefined => {
  const name = textAt(matcher, 'name') ?? ''
  const [other] = othersIn(matcher, known)
  if (other !== undefined) return `query parameter ${name}: not evaluated: ${other}`
  const value = parameterOf(path, name)
  const text = mapAt(matcher, 'string_match')
  if (text === undefined) {
    const wanted = matcher['present_match'] === undefined || flagAt(matcher, 'present_match')
    if ((value !== undefined) === wanted) return undefined
    return wanted ? `query parameter ${name} is missing` : `query parameter ${name} is there`
  }
  if (value === undefined) return `query parameter ${name} is missing`
  const refusal = textRefusal(text, value)
  return refusal === undefined ? undefined : `query parameter ${name}: ${refusal}`
}

const parameterOf = (path: string, name: string): string | undefined => {
  const from = path.indexOf('?')
  if (from === -1) return undefined
  for (const pair of path.slice(from + 1).split('&')) {
    const at = pair.indexOf('=')
    if ((at === -1 ? pair : pair.slice(0, at)) === name) return at === -1 ? '' : pair.slice(at + 1)
  }
  return undefined
}
