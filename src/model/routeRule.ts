/** How a rule names a service: `service` wins outright, else `name`, `namespace` and `domain` are joined
 *  (istio/api proxy/v1/config, IstioService). */
export type IstioService = {
  readonly name?: string
  readonly namespace?: string
  readonly domain?: string
  readonly service?: string
  readonly labels?: Readonly<Record<string, string>>
}

/** Exactly one of the three is given; a regex is RE2 and matches the whole value. */
export type StringMatch = { readonly exact?: string; readonly prefix?: string; readonly regex?: string }

export type L4Match = {
  readonly sourceSubnet?: readonly string[]
  readonly destinationSubnet?: readonly string[]
}

/** `headers` holds the special names `uri`, `scheme`, `method` and `authority` beside real ones. */
export type RuleMatch = {
  readonly source?: IstioService
  readonly tcp?: L4Match
  readonly udp?: L4Match
  readonly request?: { readonly headers?: Readonly<Record<string, StringMatch>> }
}

/** `weight` in percent; several sum to 100. */
export type DestinationWeight = {
  readonly destination?: IstioService
  readonly labels?: Readonly<Record<string, string>>
  readonly weight?: number
}

export type HttpFault = {
  readonly delay?: {
    readonly percent?: number
    readonly fixedDelay?: string
    readonly exponentialDelay?: string
  }
  readonly abort?: {
    readonly percent?: number
    readonly httpStatus?: number
    readonly grpcStatus?: string
    readonly http2Error?: string
  }
}

export type CorsPolicy = {
  readonly allowOrigin?: readonly string[]
  readonly allowMethods?: readonly string[]
  readonly allowHeaders?: readonly string[]
  readonly exposeHeaders?: readonly string[]
  readonly maxAge?: string
  readonly allowCredentials?: boolean
}

/** A routing rule of 2017 (`config.istio.io/v1alpha2`; facts of the original Pilot, §2). */
export type RouteRuleSpec = {
  readonly destination: IstioService
  readonly precedence?: number
  readonly match?: RuleMatch
  readonly route?: readonly DestinationWeight[]
  readonly redirect?: { readonly uri?: string; readonly authority?: string }
  readonly rewrite?: { readonly uri?: string; readonly authority?: string }
  readonly websocketUpgrade?: boolean
  readonly httpReqTimeout?: {
    readonly simpleTimeout?: { readonly timeout: string; readonly overrideHeaderName?: string }
  }
  readonly httpReqRetries?: {
    readonly simpleRetry?: {
      readonly attempts: number
      readonly perTryTimeout?: string
      readonly overrideHeaderName?: string
    }
  }
  readonly httpFault?: HttpFault
  readonly l4Fault?: Readonly<Record<string, unknown>>
  readonly mirror?: IstioService
  readonly corsPolicy?: CorsPolicy
  readonly appendHeaders?: Readonly<Record<string, string>>
}

/** What a rule says of requests, and cannot say of connections. */
export const requestFields = [
  'redirect',
  'rewrite',
  'websocketUpgrade',
  'httpReqTimeout',
  'httpReqRetries',
  'httpFault',
  'mirror',
  'corsPolicy',
  'appendHeaders',
] as const satisfies readonly (keyof RouteRuleSpec)[]
