type Json = Readonly<Record<string, unknown>>

/** Istio's Sidecar as the scope of what a proxy gets. An egress host is `namespace/dnsName`; the namespace may
 *  be `*`, `.` (the Sidecar's own) or `~` (none), the name a FQDN, `*` or `*.suffix`. */
export type SidecarSpec = {
  /** Proxies whose labels hold all of these; without it the Sidecar is its namespace's default. */
  readonly workloadSelector?: { readonly labels?: Readonly<Record<string, string>> }
  readonly egress?: readonly {
    readonly hosts: readonly string[]
    readonly port?: Json
    readonly bind?: string
    readonly captureMode?: string
  }[]
  readonly ingress?: readonly Json[]
  readonly inboundConnectionPool?: Json
  /** What becomes of connections that no service declares; default: the mesh's `undeclaredOutbound`. */
  readonly outboundTrafficPolicy?: {
    readonly mode?: 'ALLOW_ANY' | 'REGISTRY_ONLY'
    readonly egressProxy?: Json
  }
}
