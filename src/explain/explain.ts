import type { ProxyIdentity } from '../model/proxy.ts'
import { clustersByName, type Emitted } from './emitted.ts'
import { endsHere } from './endsHere.ts'
import { explainHttp } from './explainHttp.ts'
import type { Explanation, RuleName, Step } from './explanation.ts'
import { findFilterChain } from './findFilterChain.ts'
import { findListener, unusualListener } from './findListener.ts'
import { flagAt, type Json, mapAt, mapsAt, numberAt, textAt } from './json.ts'
import { ruleNameOf } from './ruleNameOf.ts'
import { seenConnection } from './seenConnection.ts'
import type { SentRequest } from './sentRequest.ts'

/** What becomes of `request` at a proxy that was given `emitted`, by Envoy's own rules, and how it comes to that. */
export const explain = (emitted: Emitted, proxy: ProxyIdentity, request: SentRequest): Explanation => {
  const listener = findListener(emitted.listeners, proxy, request)
  if (typeof listener === 'string') return nowhere([missed('listener', '', listener)])
  const name = textAt(listener, 'name') ?? ''
  const unusual = unusualListener(listener)
  if (unusual !== undefined) return nowhere([missed('listener', name, `not evaluated: ${unusual}`)])
  const { chain, steps } = findFilterChain(listener, seenConnection(listener, proxy, request))
  const walked: readonly Step[] = [{ at: 'listener', name, matched: true }, ...steps]
  return chain === undefined
    ? nowhere(walked)
    : throughFilters(chain, ruleNameOf(listener), emitted, request, walked)
}

const filters = 'type.googleapis.com/envoy.extensions.filters.network'

// Filters that watch what passes, and let it pass.
const harmless: ReadonlySet<string> = new Set([
  `${filters}.mongo_proxy.v3.MongoProxy`,
  // What it looks up is asked for by the cluster.
  `${filters}.sni_dynamic_forward_proxy.v3.FilterConfig`,
])

const throughFilters = (
  chain: Json,
  rule: RuleName | undefined,
  emitted: Emitted,
  request: SentRequest,
  before: readonly Step[],
): Explanation => {
  const steps = [...before]
  const socket = mapAt(chain, 'transport_socket')
  const terminatesTls = socket !== undefined
  const showsCertificate = flagAt(mapAt(socket, 'typed_config'), 'require_client_certificate')
  if (terminatesTls && !request.tls)
    return nowhere([...steps, missed('filterChain', textAt(chain, 'name') ?? '', 'it expects TLS')])
  for (const filter of mapsAt(chain, 'filters')) {
    const name = textAt(filter, 'name') ?? ''
    const config = mapAt(filter, 'typed_config') ?? {}
    switch (config['@type']) {
      case `${filters}.http_connection_manager.v3.HttpConnectionManager`:
        return request.tls && !terminatesTls
          ? nowhere([...steps, missed('filter', name, 'it expects HTTP, and gets TLS')])
          : explainHttp(config, emitted, { ...request, showsCertificate }, steps)
      case `${filters}.tcp_proxy.v3.TcpProxy`:
        return throughTcp(config, name, rule, emitted, steps)
      default:
        if (!harmless.has(textAt(config, '@type') ?? '')) steps.push(missed('filter', name, 'not evaluated'))
    }
  }
  return nowhere([
    ...steps,
    missed('filterChain', textAt(chain, 'name') ?? '', 'no filter that is evaluated forwards'),
  ])
}

const throughTcp = (
  config: Json,
  name: string,
  rule: RuleName | undefined,
  emitted: Emitted,
  steps: readonly Step[],
): Explanation => {
  const single = textAt(config, 'cluster')
  const split = mapsAt(mapAt(config, 'weighted_clusters'), 'clusters').map((one) => ({
    name: textAt(one, 'name') ?? '',
    weight: numberAt(one, 'weight') ?? 0,
  }))
  const clusters = single === undefined ? split : [{ name: single, weight: 100 }]
  const known = clustersByName(emitted)
  const there = emitted.othersInBootstrap || clusters.some((cluster) => known.has(cluster.name))
  if (!there)
    return nowhere([
      ...steps,
      missed('filter', name, `the proxy is not given ${clusters.map((one) => one.name).join(', ')}`),
    ])
  const names = clusters.flatMap((one) => (one.weight > 0 ? [one.name] : []))
  const why = endsHere(names, emitted)
  return {
    outcome: { type: 'cluster', clusters },
    rule,
    steps: [...steps, { at: 'filter', name, matched: true, ...(why === undefined ? {} : { why }) }],
  }
}

const missed = (at: Step['at'], name: string, why: string): Step => ({ at, name, matched: false, why })

const nowhere = (steps: readonly Step[]): Explanation => ({
  outcome: { type: 'none' },
  rule: undefined,
  steps,
})
