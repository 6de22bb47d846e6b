import { flagAt, type Json, mapsAt, textAt, textsAt } from './json.ts'
import type { SeenRequest } from './seenRequest.ts'

/** The virtual host of `routes` for the request, and its domain that decided: the whole authority before the longest
 *  `*.suffix`, before the longest `prefix.*`, before `*`; letters of either case are the same
 *  (envoy/config/route/v3/route_components.proto, VirtualHost.domains). `undefined` where none answers. */
export const findVirtualHost = (
  routes: Json,
  { authority }: SeenRequest,
): { readonly host: Json; readonly domain: string } | undefined => {
  const asked = (
    flagAt(routes, 'ignore_port_in_host_matching') ? withoutPort(authority) : authority
  ).toLowerCase()
  let best: { readonly host: Json; readonly domain: string; readonly rank: number } | undefined
  for (const host of mapsAt(routes, 'virtual_hosts'))
    for (const domain of textsAt(host, 'domains')) {
      const rank = rankOf(domain.toLowerCase(), asked)
      if (rank > (best?.rank ?? 0)) best = { host, domain, rank }
    }
  return best
}

/** The name of a virtual host. */
export const virtualHostName = (host: Json): string => textAt(host, 'name') ?? ''

// Domains are shorter than 256 characters, so that any suffix ranks before any prefix.
const rankOf = (domain: string, asked: string): number => {
  if (domain === '*') return 1
  if (domain.startsWith('*')) {
    const suffix = domain.slice(1)
    return asked.length > suffix.length && asked.endsWith(suffix) ? 20_000 + suffix.length : 0
  }
  if (domain.endsWith('*')) {
    const prefix = domain.slice(0, -1)
    return asked.length > prefix.length && asked.startsWith(prefix) ? 10_000 + prefix.length : 0
  }
  return domain === asked ? 30_000 : 0
}

const withoutPort = (authority: string): string => authority.replace(/:\d*$/, '')
