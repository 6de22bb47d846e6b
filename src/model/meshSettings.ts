/** Settings of the whole mesh; what is absent takes the default of `defaultMeshSettings` (contract §2). */
export type MeshSettingsSpec = {
  readonly domain?: string
  /** A duration such as `1s` or `250ms`. */
  readonly connectTimeout?: string
  readonly undeclaredOutbound?: 'passthrough' | 'refuse'
  /** Path of the access log; empty text turns it off. */
  readonly accessLog?: string
  /** Outbound capture; 0 turns it off. */
  readonly proxyListenPort?: number
  readonly proxyInboundPort?: number
  /** Explicit HTTP proxy of every sidecar on its loopback; 0 turns it off. */
  readonly proxyHttpPort?: number
  readonly authPolicy?: 'NONE' | 'MUTUAL_TLS'
  readonly certificatesPath?: string
  /** File of the authorities whose certificates of hosts outside of the mesh proxies trust. */
  readonly trustedCaPath?: string
  /** Whose Sidecar without a selector is for the proxies of every namespace that has none of its own. */
  readonly rootNamespace?: string
}

/** What holds while no MeshSettings says otherwise (contract §2; numbers are Istio's). */
export const defaultMeshSettings: Required<MeshSettingsSpec> = {
  domain: 'cluster.local',
  connectTimeout: '1s',
  undeclaredOutbound: 'passthrough',
  accessLog: '/dev/stdout',
  proxyListenPort: 15_001,
  proxyInboundPort: 15_006,
  proxyHttpPort: 0,
  authPolicy: 'NONE',
  certificatesPath: '/etc/certs',
  // Where Debian, Alpine and their kin keep them, Envoy's own images too.
  trustedCaPath: '/etc/ssl/certs/ca-certificates.crt',
  rootNamespace: 'istio-system',
}
