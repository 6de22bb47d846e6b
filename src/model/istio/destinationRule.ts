import type { WorkloadSelector } from './workloadSelector.ts'

type Json = Readonly<Record<string, unknown>>

export type IstioLoadBalancer = {
  readonly simple?: 'UNSPECIFIED' | 'LEAST_CONN' | 'RANDOM' | 'PASSTHROUGH' | 'ROUND_ROBIN' | 'LEAST_REQUEST'
  readonly consistentHash?: {
    readonly httpHeaderName?: string
    readonly httpCookie?: {
      readonly name: string
      readonly path?: string
      readonly ttl?: string
      /** Of the cookie that the proxy gives, such as `SameSite`; one without a value stands alone. */
      readonly attributes?: readonly { readonly name: string; readonly value?: string }[]
    }
    readonly useSourceIp?: boolean
    readonly httpQueryParameterName?: string
    readonly ringHash?: { readonly minimumRingSize?: number }
    readonly maglev?: { readonly tableSize?: number }
    readonly minimumRingSize?: number
  }
  readonly localityLbSetting?: LocalityLbSetting
  readonly warmupDurationSecs?: string
  readonly warmup?: {
    readonly duration: string
    /** Of its share, what an endpoint gets at first; 10 by default. */
    readonly minimumPercent?: number
    /** 1, the default, is linear; more is faster at first. */
    readonly aggression?: number
  }
  readonly backendUtilization?: {
    readonly weightStabilizationPeriod?: string
    readonly weightExpirationPeriod?: string
    readonly weightUpdatePeriod?: string
    readonly errorUtilizationPenaltyPercent?: number
    readonly metricNamesForComputingUtilization?: readonly string[]
  }
  readonly zoneAwareLbSetting?: Json
}

/** How callers share their requests out over localities, `region/zone/subzone` (Istio's LocalityLoadBalancerSetting). */
export type LocalityLbSetting = {
  /** By the caller's locality: percent for each pattern of localities. */
  readonly distribute?: readonly { readonly from?: string; readonly to?: Readonly<Record<string, number>> }[]
  /** Regions. */
  readonly failover?: readonly { readonly from?: string; readonly to?: string }[]
  /** `label` or `label=value`. */
  readonly failoverPriority?: readonly string[]
  readonly enabled?: boolean
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
    readonly http2KeepAlive?: { readonly interval: string; readonly timeout: string }
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
  readonly outlierDetectionHttpErrorCodes?: readonly number[]
  readonly failurePercentageThreshold?: number
}

export type ClientTls = {
  readonly mode?: 'DISABLE' | 'SIMPLE' | 'MUTUAL' | 'ISTIO_MUTUAL'
  readonly clientCertificate?: string
  readonly privateKey?: string
  readonly caCertificates?: string
  readonly credentialName?: string
  readonly caCertCredentialName?: string
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
  /** Of connections that tcp and tls routes send to the host: they go through it to the target. */
  readonly tunnel?: {
    /** CONNECT by default. */
    readonly protocol?: 'CONNECT' | 'POST'
    readonly targetHost: string
    readonly targetPort: number
  }
  readonly proxyProtocol?: { readonly version?: 'V1' | 'V2' }
  readonly retryBudget?: {
    readonly percent?: number
    readonly minRetryConcurrency?: number
    readonly budgetInterval?: string
  }
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
