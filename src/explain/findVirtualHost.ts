import { flagAt, type Json, mapsAt, textAt, textsAt } from './json.ts'
import type { SeenRequest } from './seenRequest.ts'

/** The virtual host of `routes` for the request, and its domain that decided: the whole authority before the longest
 *  `*.suffix`, before the longest `prefix.*`, before `*`; letters of either case are the same
 *  (envoy/config/route/v3/route_components.proto, VirtualHost.domains). `undefined` where none answers. */
export const findVirtualHost = (routes: Json, { authority }: SeenRequest): Claim | undefined => {
  const asked = (
    flagAt(routes, 'ignore_port_in_host_matching') ? withoutPort(authority) : authority
  ).toLowerCase()
  const { exact, wildcards } = claimsOf(routes)
  return exact.get(asked) ?? wildcards.find(({ takes }) => takes(asked))
}

/** A virtual host, and one of its domains. */
type Claim = { readonly host: Json; readonly domain: string }

type Wildcard = Claim & { readonly rank: number; readonly takes: (asked: string) => boolean }

type Claims = {
  /** By the domain in lower case. */
  readonly exact: ReadonlyMap<string, Claim>
  /** In the order in which they are tried. */
  readonly wildcards: readonly Wildcard[]
}

// Of a route configuration for as long as somebody holds it: a question may have a thousand requests.
const known = new WeakMap<Json, Claims>()

const claimsOf = (routes: Json): Claims => {
  const found = known.get(routes)
  if (found !== undefined) return found
  const exact = new Map<string, Claim>()
  const wildcards: Wildcard[] = []
  for (const host of mapsAt(routes, 'virtual_hosts'))
    for (const domain of textsAt(host, 'domains')) {
      const wildcard = wildcardOf(domain.toLowerCase())
      if (wildcard !== undefined) wildcards.push({ host, domain, ...wildcard })
      else if (!exact.has(domain.toLowerCase())) exact.set(domain.toLowerCase(), { host, domain })
    }
  const claims = { exact, wildcards: wildcards.sort((a, b) => b.rank - a.rank) }
  known.set(routes, claims)
  return claims
}

/** The name of a virtual host. */
export const virtualHostName = (host: Json): string => textAt(host, 'name') ?? ''

// Domains are shorter than 256 characters, so that any suffix ranks before any prefix. A `*` stands for something.
const wildcardOf = (domain: string): Pick<Wildcard, 'rank' | 'takes'> | undefined => {
  if (domain === '*') return { rank: 0, takes: () => true }
  const length = domain.length
  if (domain.startsWith('*'))
    return {
      rank: 2_000 + length,
      takes: (asked) => asked.length >= length && asked.endsWith(domain.slice(1)),
    }
  if (domain.endsWith('*'))
    return {
      rank: 1_000 + length,
      takes: (asked) => asked.length >= length && asked.startsWith(domain.slice(0, -1)),
    }
  return undefined
}

const withoutPort = (authority: string): string => authority.replace(/:[^:\]]*$/, '')
