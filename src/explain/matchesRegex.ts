import { RE2JS } from 're2js'
import { type Json, textAt } from './json.ts'

/** True when the regex of a RegexMatcher (envoy/type/matcher/v3/regex.proto), RE2, takes all of `value`; `undefined` for
 *  one that cannot be read here, as raw resources may have. */
export const matchesRegex = (matcher: Json, value: string): boolean | undefined =>
  compiled(matcher)?.matches(value)

// Of a matcher for as long as somebody holds it: compiling takes a hundred times as long as matching.
const known = new WeakMap<Json, RE2JS | 'unread'>()

const compiled = (matcher: Json): RE2JS | undefined => {
  const found = known.get(matcher) ?? compile(textAt(matcher, 'regex') ?? '')
  known.set(matcher, found)
  return found === 'unread' ? undefined : found
}

const compile = (regex: string): RE2JS | 'unread' => {
  try {
    return RE2JS.compile(regex)
  } catch {
    return 'unread'
  }
}

/** `value` with every match of the RE2 regex replaced; `\1` in `substitution` is the first group, `\0` the match. */
export const replaceRegex = (regex: string, substitution: string, value: string): string =>
  RE2JS.compile(regex)
    .matcher(value)
    .replaceAll((...groups: readonly unknown[]) =>
      substitution.replace(/\\(\d|\\)/g, (_, sign: string) =>
        sign === '\\' ? sign : String(groups[Number(sign)] ?? ''),
      ),
    )
