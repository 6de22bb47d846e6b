import type { Step } from './explanation.ts'
import { isInRange } from './isInRange.ts'
import { type Json, mapAt, mapsAt, numberAt, textAt, textsAt } from './json.ts'
import { matchedChain } from './matchedChain.ts'
import type { SeenConnection } from './seenConnection.ts'

/** The filter chain of `listener` that takes `connection`, and a step for each: the one that the listener's
 *  `filter_chain_matcher` names, where it has one. Else Envoy narrows them down by
 *  destination port, destination address, TLS name, transport and application protocol, and never goes back
 *  (envoy/config/listener/v3/listener_components.proto, FilterChainMatch); what none takes is the default's. */
export const findFilterChain = (
  listener: Json,
  connection: SeenConnection,
): { readonly chain: Json | undefined; readonly steps: readonly Step[] } => {
  const matcher = mapAt(listener, 'filter_chain_matcher')
  if (matcher !== undefined) return byMatcher(listener, matcher, connection)
  const all = mapsAt(listener, 'filter_chains')
  const refused = new Map<Json, string>()
  let left: readonly Json[] = all
  const narrow = (takes: (chain: Json) => boolean, why: (chain: Json) => string): void => {
    for (const chain of left) if (!takes(chain)) refused.set(chain, why(chain))
    left = left.filter(takes)
  }
  narrow(
    (chain) => fieldUnread(chain) === undefined,
    (chain) => `not evaluated: ${fieldUnread(chain)}`,
  )
  for (const { what, values, best } of levels(connection)) {
    const key = best(left.flatMap(values))
    narrow(
      (chain) => key !== undefined && values(chain).includes(key),
      (chain) => `it takes ${what} ${values(chain).join(', ') || 'that no other chain names'}`,
    )
  }
  const chain = left[0] ?? mapAt(listener, 'default_filter_chain')
  const others = all.filter((one) => one !== chain)
  return {
    chain,
    steps: [
      ...others.map((one) =>
        missed(textAt(one, 'name') ?? '', refused.get(one) ?? 'one like it comes before'),
      ),
      chosen(chain),
    ],
  }
}

const byMatcher = (
  listener: Json,
  matcher: Json,
  connection: SeenConnection,
): ReturnType<typeof findFilterChain> => {
  const all = mapsAt(listener, 'filter_chains')
  const { name, notEvaluated } = matchedChain(matcher, connection)
  const chain = all.find((one) => textAt(one, 'name') === name) ?? mapAt(listener, 'default_filter_chain')
  const unread = [...new Set(notEvaluated)].map((one) => missed('', `not evaluated: ${one}`))
  const others = all.filter((one) => one !== chain)
  return {
    chain,
    steps: [
      ...unread,
      ...others.map((one) => missed(textAt(one, 'name') ?? '', 'the listener chooses another')),
      chosen(chain),
    ],
  }
}

const chosen = (chain: Json | undefined): Step =>
  chain === undefined
    ? missed('', 'none takes the connection')
    : { at: 'filterChain', name: textAt(chain, 'name') ?? '', matched: true }

const missed = (name: string, why: string): Step => ({ at: 'filterChain', name, matched: false, why })

const matchOf = (chain: Json): Json | undefined => mapAt(chain, 'filter_chain_match')

// What hangs on the caller's address, which a request does not tell.
const fieldUnread = (chain: Json): string | undefined =>
  [
    'source_prefix_ranges',
    'source_ports',
    'source_type',
    'direct_source_prefix_ranges',
    'address_suffix',
    'suffix_len',
  ].find((field) => matchOf(chain)?.[field] !== undefined)

/** One thing by which chains are told apart. */
type Level = {
  readonly what: string
  /** What a chain takes of it; '' stands for everything. */
  readonly values: (chain: Json) => readonly string[]
  /** Of what chains take, what is nearest to the connection; `undefined` where nothing takes it. */
  readonly best: (taken: readonly string[]) => string | undefined
}

const levels = ({ address, port, transport, serverName, protocols }: SeenConnection): readonly Level[] => [
  { what: 'port', values: portOf, best: firstOf([String(port), '']) },
  { what: 'addresses', values: rangesOf, best: (taken) => narrowestAround(address, taken) },
  { what: 'TLS names', values: textsOf('server_names'), best: firstOf(serverNames(serverName)) },
  { what: 'transport', values: transportOf, best: firstOf([transport, '']) },
  { what: 'protocols', values: textsOf('application_protocols'), best: firstOf([...protocols, '']) },
]

const firstOf =
  (wanted: readonly string[]) =>
  (taken: readonly string[]): string | undefined =>
    wanted.find((one) => taken.includes(one))

const orEverything = (values: readonly string[]): readonly string[] => (values.length === 0 ? [''] : values)

const textsOf =
  (field: string) =>
  (chain: Json): readonly string[] =>
    orEverything(textsAt(matchOf(chain), field))

const portOf = (chain: Json): readonly string[] => [
  String(numberAt(matchOf(chain), 'destination_port') ?? ''),
]

const transportOf = (chain: Json): readonly string[] => [textAt(matchOf(chain), 'transport_protocol') ?? '']

const rangesOf = (chain: Json): readonly string[] =>
  orEverything(
    withWholes(
      mapsAt(matchOf(chain), 'prefix_ranges').map(
        (range) => `${textAt(range, 'address_prefix') ?? ''}/${numberAt(range, 'prefix_len') ?? 0}`,
      ),
    ),
  )

// An address that is not known is in one of the halves.
const withWholes = (ranges: readonly string[]): readonly string[] =>
  ['0.0.0.0/1', '128.0.0.0/1'].every((half) => ranges.includes(half)) ? [...ranges, '0.0.0.0/0'] : ranges

const narrowestAround = (address: string | undefined, ranges: readonly string[]): string | undefined =>
  ranges.filter((range) => range === '' || isInRange(address, range)).sort((a, b) => bitsOf(b) - bitsOf(a))[0]

const bitsOf = (range: string): number => (range === '' ? -1 : Number(range.split('/')[1]))

/** `a.b.c`, then `*.b.c`, then `*.c`, then any. */
const serverNames = (host: string): readonly string[] => {
  if (host === '') return ['']
  const labels = host.split('.')
  return [host, ...labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`), '']
}
