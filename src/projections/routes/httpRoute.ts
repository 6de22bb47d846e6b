import type { Provenance } from '../provenance.ts'

/** How a text must look: all of it, its beginning, or all of it as an RE2 regex. */
export type TextMatch = {
  readonly kind: 'exact' | 'prefix' | 'regex'
  readonly value: string
  /** Of a path that is no regex: upper and lower case are the same. */
  readonly ignoreCase?: true
}

/** A header or query parameter that must be there and, with a `text`, look so; or, with `not`, must not. */
export type NamedMatch = { readonly name: string; readonly text?: TextMatch; readonly not?: true }

/** Which requests a route takes: those that meet every condition given. */
export type HttpMatch = {
  /** Of the path without the query; absent takes every path. */
  readonly path?: TextMatch
  readonly method?: TextMatch
  /** With its port, as the caller sent it. */
  readonly authority?: TextMatch
  readonly scheme?: TextMatch
  readonly headers: readonly NamedMatch[]
  readonly query: readonly NamedMatch[]
}

/** A cluster and what it is made of, so that whoever reads a route knows which clusters it needs. */
export type Destination = {
  readonly hostname: string
  readonly port: number
  readonly labels: Readonly<Record<string, string>>
  /** A subset that a DestinationRule is to say the labels of. */
  readonly subset?: string
  /** `outbound|…` (contract §4). */
  readonly cluster: string
}

/** `weight` is relative to the sum over the route's destinations; of rules of 2017 that sum is 100. */
export type WeightedDestination = Destination & {
  readonly weight: number
  /** Of what goes this way only, after the route's own. */
  readonly requestHeaders?: HeaderChanges
  readonly responseHeaders?: HeaderChanges
}

/** What becomes of headers. Values are Envoy's header formats, in which `%` begins a variable and `%%` is one. */
export type HeaderChanges = {
  readonly put: readonly { readonly name: string; readonly value: string; readonly how: 'set' | 'append' }[]
  readonly remove: readonly string[]
}

/** By what a load balancer that keeps like with like knows requests to be alike. */
export type HttpHash =
  | { readonly by: 'header' | 'query'; readonly name: string }
  /** With a time to live the proxy itself gives the cookie to callers without. */
  | {
      readonly by: 'cookie'
      readonly name: string
      readonly path?: string
      readonly ttlMs?: number
      readonly attributes?: readonly { readonly name: string; readonly value?: string }[]
    }
  | { readonly by: 'source' }

export type HttpAction =
  | { readonly kind: 'forward'; readonly destinations: readonly WeightedDestination[] }
  | {
      readonly kind: 'redirect'
      /** Replaces the whole path. */
      readonly path?: string
      /** Instead of `path`: replaces the prefix that matched, or the whole path where it matched exactly or by regex. */
      readonly prefix?: string
      readonly authority?: string
      readonly scheme?: string
      readonly port?: number
      readonly status: 301 | 302 | 303 | 307 | 308
    }
  | {
      readonly kind: 'direct'
      readonly status: number
      readonly body?: { readonly text: string } | { readonly base64: string }
    }

/** `path` replaces the prefix that matched, or the whole path where it matched exactly or by regex; `pathParts` what
 *  its regex finds in the path, `\\1` standing for its first group. */
export type HttpRewrite = {
  readonly path?: string
  readonly pathParts?: { readonly regex: string; readonly substitution: string }
  readonly authority?: string
}

export type HttpRetries = {
  /** From 1. */
  readonly attempts: number
  /** Envoy's `retry_on`. */
  readonly on: string
  /** Absent: an attempt may take as long as the route. */
  readonly perTryTimeoutMs?: number
  /** Answers that are tried again, where `on` holds `retriable-status-codes`. */
  readonly statusCodes?: readonly number[]
  /** Another endpoint is looked for, up to five times, than those that were tried. */
  readonly elsewhere?: true
  /** Localities that were tried are passed over too. */
  readonly otherLocalities?: true
  /** Between attempts, doubling. */
  readonly backoffMs?: number
}

/** Percents are of the route's requests, 0 to 100, fractions down to a ten-thousandth kept. */
export type HttpRouteFault = {
  readonly delay?: { readonly percent: number; readonly delayMs: number }
  readonly abort?: { readonly percent: number } & (
    | { readonly status: number }
    /** A number of gRPC's codes. */
    | { readonly grpcStatus: number }
  )
}

export type HttpMirror = Destination & { readonly percent: number }

export type HttpCors = {
  readonly allowOrigins: readonly TextMatch[]
  readonly allowMethods: readonly string[]
  readonly allowHeaders: readonly string[]
  readonly exposeHeaders: readonly string[]
  readonly maxAgeMs?: number
  readonly allowCredentials?: boolean
  /** False: who asks from elsewhere is answered here, and the application never sees it. */
  readonly forwardUnmatched?: boolean
}

/** One route in the form that every rule dialect compiles to: what it takes, what it does with it, and who said
 *  so. Nothing of a dialect's defaults is left open: a dialect's compiler fills them in. Which proxies a rule
 *  applies to is decided before, by its source. */
export type HttpRoute = {
  /** Envoy's route name (access log `%ROUTE_NAME%`) and the operation of its traces. */
  readonly name: string
  readonly rule: Provenance
  /** Higher comes first; among equals the smaller rule key, and within one rule the order given. */
  readonly precedence: number
  readonly match: HttpMatch
  readonly action: HttpAction
  readonly rewrite?: HttpRewrite
  /** For the whole answer, retries included; 0 waits for ever. */
  readonly timeoutMs: number
  readonly retries?: HttpRetries
  readonly fault?: HttpRouteFault
  readonly mirrors: readonly HttpMirror[]
  readonly cors?: HttpCors
  readonly requestHeaders?: HeaderChanges
  readonly responseHeaders?: HeaderChanges
  /** As the destinations' load balancers want it. */
  readonly hash?: readonly HttpHash[]
  /** Its requests are counted apart, under this name. */
  readonly statPrefix?: string
  readonly websocket: boolean
}

/** Every destination that the route sends requests to, mirrors included, in the order given. */
export const destinationsOf = ({ action, mirrors }: HttpRoute): readonly Destination[] => {
  if (action.kind !== 'forward') return mirrors
  return mirrors.length === 0 ? action.destinations : [...action.destinations, ...mirrors]
}

/** True when every request meets `match`. */
export const takesEveryRequest = (match: HttpMatch): boolean =>
  (match.path === undefined || (match.path.kind === 'prefix' && match.path.value === '/')) &&
  match.method === undefined &&
  match.authority === undefined &&
  match.scheme === undefined &&
  match.headers.length === 0 &&
  match.query.length === 0
