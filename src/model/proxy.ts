export type ProxyType = 'sidecar' | 'ingress' | 'router'

/** Who an Envoy is, read from its node id. A bare node has an id of any other form and gets EnvoyResources only. */
export type ProxyIdentity =
  | {
      readonly type: ProxyType
      readonly node: string
      /** May be empty. */
      readonly ip: string
      readonly id: string
      /** Suffix that short names are cut from, such as `default.svc.cluster.local`. */
      readonly domain: string
    }
  | { readonly type: 'bare'; readonly node: string }

/** What Rutter understands of an Envoy's node metadata (contract §3). */
export type ProxyMetadata = {
  /** `rutter.dev/http-proxy`: where its explicit HTTP proxy listens. */
  readonly httpProxy?: { readonly address: string; readonly port: number }
  /** `rutter.dev/labels`. */
  readonly labels?: Readonly<Record<string, string>>
  /** `rutter.dev/ips`: further addresses of its workload, beside that of its node id. */
  readonly ips?: readonly string[]
}
