/** Istio's way to match a text: one of the three, or nothing, which asks only that it is there. */
export type IstioStringMatch = { readonly exact?: string; readonly prefix?: string; readonly regex?: string }

/** A percentage from 0 to 100. */
export type IstioPercent = { readonly value?: number }

type StringMatches = Readonly<Record<string, IstioStringMatch>>

/** Conditions of one alternative of an HTTP route; all must hold. */
export type HttpMatchRequest = {
  readonly name?: string
  readonly uri?: IstioStringMatch
  readonly ignoreUriCase?: boolean
  readonly scheme?: IstioStringMatch
  readonly method?: IstioStringMatch
  readonly authority?: IstioStringMatch
  readonly headers?: StringMatches
  readonly withoutHeaders?: StringMatches
  readonly queryParams?: StringMatches
  readonly port?: number
  readonly sourceLabels?: Readonly<Record<string, string>>
  readonly sourceNamespace?: string
  readonly gateways?: readonly string[]
  readonly statPrefix?: string
}

/** A host as a rule writes it (a short name is of the rule's namespace), a subset of a DestinationRule, a port. */
export type IstioDestination = {
  readonly host: string
  readonly subset?: string
  readonly port?: { readonly number?: number }
}

/** `set` replaces, `add` appends, `remove` takes away; values are Envoy's header formats. */
export type HeaderOperations = {
  readonly set?: Readonly<Record<string, string>>
  readonly add?: Readonly<Record<string, string>>
  readonly remove?: readonly string[]
}

export type IstioHeaders = { readonly request?: HeaderOperations; readonly response?: HeaderOperations }

export type HttpRouteDestination = {
  readonly destination: IstioDestination
  /** Relative to the sum; of a single destination it counts for nothing. */
  readonly weight?: number
  readonly headers?: IstioHeaders
}

export type IstioRedirect = {
  readonly uri?: string
  /** Instead of the prefix that matched. */
  readonly prefixRewrite?: string
  readonly authority?: string
  readonly port?: number
  readonly derivePort?: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT'
  readonly scheme?: string
  /** Default 301. */
  readonly redirectCode?: number
}

export type IstioFault = {
  readonly delay?: {
    readonly percentage?: IstioPercent
    readonly percent?: number
    readonly fixedDelay?: string
    readonly exponentialDelay?: string
  }
  readonly abort?: {
    readonly percentage?: IstioPercent
    readonly percent?: number
    readonly httpStatus?: number
    readonly grpcStatus?: string
    readonly http2Error?: string
  }
}

export type IstioCorsPolicy = {
  readonly allowOrigins?: readonly IstioStringMatch[]
  readonly allowOrigin?: readonly string[]
  readonly allowMethods?: readonly string[]
  readonly allowHeaders?: readonly string[]
  readonly exposeHeaders?: readonly string[]
  readonly maxAge?: string
  readonly allowCredentials?: boolean
  readonly unmatchedPreflights?: 'UNSPECIFIED' | 'FORWARD' | 'IGNORE'
}

export type IstioHttpRoute = {
  readonly name?: string
  /** Alternatives; none takes everything. */
  readonly match?: readonly HttpMatchRequest[]
  readonly route?: readonly HttpRouteDestination[]
  readonly redirect?: IstioRedirect
  readonly directResponse?: {
    readonly status: number
    readonly body?: { readonly string?: string; readonly bytes?: string }
  }
  readonly delegate?: { readonly name: string; readonly namespace?: string }
  readonly rewrite?: {
    readonly uri?: string
    readonly authority?: string
    readonly uriRegexRewrite?: { readonly match: string; readonly rewrite: string }
  }
  /** Default: none. */
  readonly timeout?: string
  readonly retries?: {
    readonly attempts?: number
    readonly perTryTimeout?: string
    readonly retryOn?: string
    readonly retryRemoteLocalities?: boolean
    readonly retryIgnorePreviousHosts?: boolean
    readonly backoff?: string
  }
  readonly fault?: IstioFault
  readonly mirror?: IstioDestination
  readonly mirrors?: readonly { readonly destination: IstioDestination; readonly percentage?: IstioPercent }[]
  readonly mirrorPercent?: number
  readonly mirrorPercentage?: IstioPercent
  readonly corsPolicy?: IstioCorsPolicy
  readonly headers?: IstioHeaders
}

/** Conditions on a connection. */
export type L4MatchAttributes = {
  readonly destinationSubnets?: readonly string[]
  readonly sourceSubnet?: string
  readonly port?: number
  readonly sourceLabels?: Readonly<Record<string, string>>
  readonly sourceNamespace?: string
  readonly gateways?: readonly string[]
}

export type TlsMatchAttributes = L4MatchAttributes & { readonly sniHosts: readonly string[] }

export type ConnectionDestination = { readonly destination: IstioDestination; readonly weight?: number }

export type IstioTcpRoute = {
  readonly match?: readonly L4MatchAttributes[]
  readonly route: readonly ConnectionDestination[]
}

export type IstioTlsRoute = {
  readonly match: readonly TlsMatchAttributes[]
  readonly route: readonly ConnectionDestination[]
}

/** Istio's VirtualService (networking.istio.io). Without hosts it is only there for others to delegate to. */
export type VirtualServiceSpec = {
  readonly hosts?: readonly string[]
  /** `mesh` stands for sidecars, and is the default. */
  readonly gateways?: readonly string[]
  readonly http?: readonly IstioHttpRoute[]
  readonly tls?: readonly IstioTlsRoute[]
  readonly tcp?: readonly IstioTcpRoute[]
  readonly exportTo?: readonly string[]
}
