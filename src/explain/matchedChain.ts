import { isInRange } from './isInRange.ts'
import { flagAt, type Json, mapAt, mapsAt, numberAt, textAt } from './json.ts'
import type { SeenConnection } from './seenConnection.ts'
import { textRefusal } from './textRefusal.ts'

/** What a `filter_chain_matcher` comes to. */
export type MatchedChain = {
  /** Absent where it names none. */
  readonly name?: string
  /** Names of inputs and matchers that are not evaluated, and count as not met. */
  readonly notEvaluated: readonly string[]
}

/** The name of the chain that `matcher` (xds/type/matcher/v3/matcher.proto), a list of conditions that are tried one
 *  after the other, gives to the connection. */
export const matchedChain = (matcher: Json, connection: SeenConnection): MatchedChain => {
  const notEvaluated: string[] = []
  const list = mapAt(matcher, 'matcher_list')
  if (list === undefined) return { notEvaluated: ['filter_chain_matcher'] }
  const holds = (predicate: Json): boolean => {
    const all = (kind: string): readonly Json[] => mapsAt(mapAt(predicate, kind), 'predicate')
    if (predicate['and_matcher'] !== undefined) return all('and_matcher').every(holds)
    if (predicate['or_matcher'] !== undefined) return all('or_matcher').some(holds)
    const inner = mapAt(predicate, 'not_matcher')
    if (inner !== undefined) return !holds(inner)
    const single = mapAt(predicate, 'single_predicate') ?? {}
    const unread = (what: string): false => {
      notEvaluated.push(what)
      return false
    }
    const input = lastOf(textAt(mapAt(mapAt(single, 'input'), 'typed_config'), '@type'))
    const value = inputs[input]?.(connection)
    const ranges = mapAt(mapAt(single, 'custom_match'), 'typed_config')
    if (single['custom_match'] !== undefined) {
      if (lastOf(textAt(ranges, '@type')) !== 'Ip' || flagAt(ranges, 'invert')) return unread('custom_match')
      const within = mapsAt(ranges, 'cidr_ranges').some((range) =>
        isInRange(value, `${textAt(range, 'address_prefix') ?? ''}/${numberAt(range, 'prefix_len') ?? 0}`),
      )
      return within || (value === undefined && unread(input))
    }
    if (value === undefined) return unread(input)
    return value !== '' && textRefusal(mapAt(single, 'value_match') ?? {}, value) === undefined
  }
  const found = mapsAt(list, 'matchers').find((one) => holds(mapAt(one, 'predicate') ?? {}))
  const action = mapAt(found ?? {}, 'on_match') ?? mapAt(matcher, 'on_no_match')
  const name = textAt(mapAt(mapAt(action, 'action'), 'typed_config'), 'value')
  return { ...(name === undefined ? {} : { name }), notEvaluated }
}

const lastOf = (type: string | undefined): string => type?.split('.').at(-1) ?? ''

/** What an input says of a connection; '' where it says nothing, `undefined` where that is not known. */
const inputs: Readonly<Record<string, (connection: SeenConnection) => string | undefined>> = {
  DestinationIPInput: ({ address }) => address,
  DestinationPortInput: ({ port }) => String(port),
  SourceIPInput: ({ source }) => source,
  ServerNameInput: ({ serverName }) => serverName,
  TransportProtocolInput: ({ transport }) => transport,
  ApplicationProtocolInput: ({ protocols }) => protocols.map((one) => `'${one}'`).join(','),
}
