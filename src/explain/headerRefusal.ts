import { flagAt, type Json, mapAt, othersIn, setOf, textAt } from './json.ts'
import type { SeenHeaders } from './seenHeaders.ts'
import { regexRefusal, textRefusal } from './textRefusal.ts'

const deprecated = {
  exact_match: 'exact',
  prefix_match: 'prefix',
  suffix_match: 'suffix',
  contains_match: 'contains',
} as const
const kinds = ['string_match', 'safe_regex_match', 'range_match', 'present_match'] as const
const deprecatedKinds = ['exact_match', 'prefix_match', 'suffix_match', 'contains_match'] as const
const known: ReadonlySet<string> = new Set([
  ...kinds,
  ...deprecatedKinds,
  'name',
  'invert_match',
  'treat_missing_header_as_empty',
])

/** Why `headers` do not meet a HeaderMatcher (envoy/config/route/v3/route_components.proto), or `undefined` where they
 *  do. One of several values is enough, or too much where the condition is inverted; a header that is missing meets no
 *  condition on its value, be it inverted. */
export const headerRefusal = (matcher: Json, headers: SeenHeaders): string | undefined => {
  const given = (textAt(matcher, 'name') ?? '').toLowerCase()
  const name = given === 'host' ? ':authority' : given
  const [other] = othersIn(matcher, known)
  if (other !== undefined) return `header ${name}: not evaluated: ${other}`
  const inverted = flagAt(matcher, 'invert_match')
  const kind = setOf(matcher, kinds)
  const deprecatedKind = setOf(matcher, deprecatedKinds)
  if (kind === 'present_match' || (kind === undefined && deprecatedKind === undefined)) {
    const wanted = (kind === undefined || flagAt(matcher, 'present_match')) !== inverted
    if ((headers.has(name) || flagAt(matcher, 'treat_missing_header_as_empty')) === wanted) return undefined
    return wanted ? `header ${name} is missing` : `header ${name} is there`
  }
  if (!headers.has(name) && !flagAt(matcher, 'treat_missing_header_as_empty'))
    return `header ${name} is missing`
  const values = headers.has(name) ? headers.get(name) : ['']
  if (values === undefined) return `header ${name}: not evaluated: Envoy makes its value up`
  const refusals = values.map((value) =>
    deprecatedKind === undefined
      ? valueRefusal(matcher, kind, value)
      : textRefusal(deprecatedMatcher(matcher, deprecatedKind), value),
  )
  const unread = refusals.find((refusal) => refusal?.startsWith('not evaluated'))
  if (unread !== undefined) return `header ${name}: ${unread}`
  const taken = values[refusals.indexOf(undefined)]
  if (inverted)
    return taken === undefined ? undefined : `header ${name}: ${JSON.stringify(taken)} is what it must not be`
  return taken === undefined ? `header ${name}: ${refusals.join(', and ')}` : undefined
}

// An empty `exact_match` asks for the header alone.
const deprecatedMatcher = (matcher: Json, kind: (typeof deprecatedKinds)[number]): Json => {
  const wanted = matcher[kind]
  return kind === 'exact_match' && wanted === '' ? { prefix: '' } : { [deprecated[kind]]: wanted }
}

const valueRefusal = (
  matcher: Json,
  kind: (typeof kinds)[number] | undefined,
  value: string,
): string | undefined => {
  if (kind === 'string_match') return textRefusal(mapAt(matcher, kind) ?? {}, value)
  if (kind === 'safe_regex_match') return regexRefusal(mapAt(matcher, kind), value)
  const range = mapAt(matcher, 'range_match') ?? {}
  const [start, end] = [range['start'] ?? 0, range['end'] ?? 0].map((bound) => BigInt(String(bound)))
  const number = /^\s*[+-]?\d+\s*$/.test(value) ? BigInt(value.trim().replace(/^\+/, '')) : undefined
  if (number !== undefined && start !== undefined && end !== undefined && number >= start && number < end)
    return undefined
  return `${JSON.stringify(value)} is no number from ${start} to below ${end}`
}
