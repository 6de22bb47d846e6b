import type { WorkloadSelector } from './workloadSelector.ts'

type Json = Readonly<Record<string, unknown>>

export type IstioLoadBalancer = {
  readonly simple?: 'UNSPECIFIED' | 'LEAST_CONN' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST'
  readonly consistentHash?: {
    readonly httpHeaderName?: string
    readonly httpCookie?: { readonly name: string; readonly path?: string; readonly ttl?: string }
    readonly useSourceIp?: boolean
    readonly httpQueryParameterName?: string
    readonly ringHash?: { readonly minimumRingSize?: number }
    readonly maglev?: { readonly tableSize?: number }
    readonly minimumRingSize?: number
  }
  readonly localityLbSetting?: Json
  readonly warmupDurationSecs?: string
  readonly warmup?: Json
}

export type IstioConnectionPool = {
  readonly tcp?: {
    readonly maxConnections?: number
    readonly connectTimeout?: string
    readonly tcpKeepalive?: { readonly probes?: number; readonly time?: string; readonly interval?: string }
    readonly maxConnectionDuration?: string
    readonly idleTimeout?: string
  }
  readonly http?: {
    readonly http1MaxPendingRequests?: number
    readonly http2MaxRequests?: number
    readonly maxRequestsPerConnection?: number
    readonly maxRetries?: number
    readonly idleTimeout?: string
    readonly h2UpgradePolicy?: 'DEFAULT' | 'DO_NOT_UPGRADE' | 'UPGRADE'
    readonly useClientProtocol?: boolean
    readonly maxConcurrentStreams?: number
  }
}

export type IstioOutlierDetection = {
  readonly consecutiveErrors?: number
  readonly splitExternalLocalOriginErrors?: boolean
  readonly consecutiveLocalOriginFailures?: number
  readonly consecutiveGatewayErrors?: number
  readonly consecutive5xxErrors?: number
  readonly interval?: string
  readonly baseEjectionTime?: string
  readonly maxEjectionPercent?: number
  readonly minHealthPercent?: number
}

export type ClientTls = {
  readonly mode?: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL'
  readonly clientCertificate?: string
  readonly privateKey?: string
  readonly caCertificates?: string
  readonly credentialName?: string
  readonly subjectAltNames?: readonly string[]
  readonly sni?: string
  readonly insecureSkipVerify?: boolean
  readonly caCrl?: string
}

/** What of a policy a port or a subset may replace. */
export type PortTrafficPolicy = {
  readonly loadBalancer?: IstioLoadBalancer
  readonly connectionPool?: IstioConnectionPool
  readonly outlierDetection?: IstioOutlierDetection
  readonly tls?: ClientTls
}

export type TrafficPolicy = PortTrafficPolicy & {
  readonly portLevelSettings?: readonly (PortTrafficPolicy & { readonly port: { readonly number: number } })[]
  readonly tunnel?: Json
  readonly proxyProtocol?: Json
  readonly retryBudget?: Json
}

export type IstioSubset = {
  readonly name: string
  readonly labels?: Readonly<Record<string, string>>
  readonly trafficPolicy?: TrafficPolicy
}

/** Istio's DestinationRule (networking.istio.io): what holds for connections to a host, and its subsets. */
export type DestinationRuleSpec = {
  readonly host: string
  readonly trafficPolicy?: TrafficPolicy
  readonly subsets?: readonly IstioSubset[]
  readonly exportTo?: readonly string[]
  /** Of callers, in the rule's namespace. */
  readonly workloadSelector?: WorkloadSelector
}
