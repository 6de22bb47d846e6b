import { connectionMatcherJson, connectionPredicateJson } from '../connections/connectionMatcher.ts'
import { chainRangesJson } from '../connections/subnetRange.ts'
import type { JsonObject } from '../json.ts'
import type { Provenance } from '../provenance.ts'
import { tlsInspector } from './downstreamTls.ts'

/** Connections of one sort that a listener gets, and what becomes of them. */
export type ConnectionChain = {
  /** For access logs and dumps (`%FILTER_CHAIN_NAME%`). */
  readonly name?: string
  /** Names in TLS, `*.suffix` too; none: whatever is asked for, also without TLS. */
  readonly serverNames: readonly string[]
  /** Of the addresses that they go to, such as `10.0.0.0/8`; none: to any. */
  readonly subnets: readonly string[]
  /** Of the addresses that they come from; absent: from any. */
  readonly sources?: readonly string[]
  /** A rule's: chains are tried one after the other then, and not by what is more specific. */
  readonly inOrder?: true
  /** The `transport_socket` by which TLS is ended first; what is not TLS is then for others. */
  readonly ended?: JsonObject
  readonly filters: readonly JsonObject[]
  /** The route configuration by which requests on them are routed; absent: they are passed on whole. */
  readonly table?: string
  /** That the filters lead to. */
  readonly clusters: readonly string[]
  readonly rule: Provenance
}

/** `chains` as a listener can have them: of what two of them would take, the later one lets go. Envoy refuses a
 *  listener whose chains overlap. */
export const chainsApart = (chains: readonly ConnectionChain[]): readonly ConnectionChain[] => {
  const taken = new Set<string>()
  return chains.flatMap((chain) => {
    const left = new Map<string, ConnectionChain>()
    for (const subnet of orAny(chain.subnets)) {
      const names = orAny(chain.serverNames).filter((name) => !taken.has(wanted(chain, subnet, name)))
      if (names.length === 0) continue
      const serverNames = names.filter((name) => name !== any)
      const same = left.get(names.join(' '))
      const subnets = [...(same?.subnets ?? []), ...(subnet === any ? [] : [subnet])]
      left.set(names.join(' '), { ...chain, serverNames, subnets })
    }
    for (const subnet of orAny(chain.subnets))
      for (const name of orAny(chain.serverNames)) taken.add(wanted(chain, subnet, name))
    return [...left.values()]
  })
}

const wanted = ({ ended }: ConnectionChain, subnet: string, name: string): string =>
  [ended === undefined ? '' : 'tls', subnet, name].join(' ')

const any = ''
const orAny = (some: readonly string[]): readonly string[] => (some.length === 0 ? [any] : some)

/** True for what takes every connection. */
export const takesEveryConnection = ({ serverNames, subnets, sources, ended }: ConnectionChain): boolean =>
  serverNames.length === 0 && subnets.length === 0 && sources === undefined && ended === undefined

/** `chains` up to the first that takes every connection: nothing comes to what stands after it. */
export const upToAll = (chains: readonly ConnectionChain[]): readonly ConnectionChain[] => {
  const last = chains.findIndex(takesEveryConnection)
  return last === -1 ? chains : chains.slice(0, last + 1)
}

/** The fields of an Envoy listener that hold `chains`, which are apart. */
export const chainsJson = (chains: readonly ConnectionChain[]): JsonObject => ({
  ...inspectors(chains),
  filter_chains: chains.map((chain) => ({
    ...(chain.name === undefined ? {} : { name: chain.name }),
    ...(takesEveryConnection(chain) ? {} : { filter_chain_match: chainMatchJson(chain) }),
    filters: chain.filters,
    ...(chain.ended === undefined ? {} : { transport_socket: chain.ended }),
  })),
})

/** The same where connections go to the first chain that takes them, whatever is more specific: those told by TLS are tried
 *  first, for servers of one port with TLS and without, and one that takes all last. */
export const chainsInOrderJson = (chains: readonly ConnectionChain[]): JsonObject => {
  const rest = chains.find(takesEveryConnection)
  const conditional = chains.filter((chain) => !takesEveryConnection(chain))
  const ordered = [
    ...conditional.filter(isToldByTls),
    ...conditional.filter((chain) => !isToldByTls(chain)),
  ].map((chain, i) => ({ name: `${i + 1}`, chain }))
  return {
    ...inspectors(chains),
    filter_chains: ordered.map(({ name, chain: { filters, ended } }) => ({
      name,
      filters,
      ...(ended === undefined ? {} : { transport_socket: ended }),
    })),
    filter_chain_matcher: connectionMatcherJson(
      ordered.map(({ name, chain }) => ({ name, predicate: connectionPredicateJson(chain) })),
    ),
    ...(rest === undefined ? {} : { default_filter_chain: { filters: rest.filters } }),
  }
}

const inspectors = (chains: readonly ConnectionChain[]): JsonObject =>
  chains.some(isToldByTls) ? { listener_filters: [tlsInspector] } : {}

/** True for what takes none in plain text. */
export const isToldByTls = ({ serverNames, ended }: ConnectionChain): boolean =>
  serverNames.length > 0 || ended !== undefined

/** Envoy's `filter_chain_match` of a chain. */
export const chainMatchJson = ({ serverNames, subnets, ended }: ConnectionChain): JsonObject => ({
  ...(ended === undefined ? {} : { transport_protocol: 'tls' }),
  ...(subnets.length === 0 ? {} : { prefix_ranges: chainRangesJson(subnets) }),
  ...(serverNames.length === 0 ? {} : { server_names: serverNames }),
})
