import { flagAt, type Json, mapAt, othersIn, setOf, textAt } from './json.ts'
import { matchesRegex } from './matchesRegex.ts'

const kinds = ['exact', 'prefix', 'suffix', 'contains', 'safe_regex'] as const
const known: ReadonlySet<string> = new Set([...kinds, 'ignore_case'])

/** Why `value` does not meet a StringMatcher (envoy/type/matcher/v3/string.proto), or `undefined` where it does. */
export const textRefusal = (matcher: Json, value: string): string | undefined => {
  const [other] = othersIn(matcher, known)
  if (other !== undefined) return `not evaluated: ${other}`
  const kind = setOf(matcher, kinds) ?? 'exact'
  if (kind === 'safe_regex') return regexRefusal(mapAt(matcher, 'safe_regex'), value)
  const ignoreCase = flagAt(matcher, 'ignore_case')
  const wanted = textAt(matcher, kind) ?? ''
  const [a, b] = ignoreCase ? [value.toLowerCase(), wanted.toLowerCase()] : [value, wanted]
  if (holds[kind](a, b)) return undefined
  return `${JSON.stringify(value)} ${words[kind]} ${JSON.stringify(wanted)}${ignoreCase ? ', in whatever case' : ''}`
}

/** Why a RegexMatcher does not take the whole of `value`, or `undefined` where it does. */
export const regexRefusal = (matcher: Json | undefined, value: string): string | undefined => {
  const regex = JSON.stringify(textAt(matcher, 'regex') ?? '')
  switch (matchesRegex(matcher ?? {}, value)) {
    case true:
      return undefined
    case false:
      return `the regex ${regex} does not take all of ${JSON.stringify(value)}`
    default:
      return `not evaluated: the regex ${regex}`
  }
}

type Kind = Exclude<(typeof kinds)[number], 'safe_regex'>

const holds: Readonly<Record<Kind, (value: string, wanted: string) => boolean>> = {
  exact: (value, wanted) => value === wanted,
  prefix: (value, wanted) => value.startsWith(wanted),
  suffix: (value, wanted) => value.endsWith(wanted),
  contains: (value, wanted) => value.includes(wanted),
}

const words: Readonly<Record<Kind, string>> = {
  exact: 'is not',
  prefix: 'does not begin with',
  suffix: 'does not end with',
  contains: 'does not contain',
}
