import type { IstioConnectionPool } from './istio/destinationRule.ts'
import type { ServerTls } from './istio/serverTls.ts'
import type { IstioProtocol } from './istio/serviceEntry.ts'

type Json = Readonly<Record<string, unknown>>

/** Where a Sidecar's proxies take connections for the application beside them. */
export type SidecarIngress = {
  readonly port: {
    readonly number: number
    /** Default by the prefix of `name`, else what services call the port. */
    readonly protocol?: IstioProtocol
    readonly name?: string
    readonly targetPort?: number
  }
  /** Address to listen on, where the proxy binds it itself; default the workload's. */
  readonly bind?: string
  /** `NONE`: the proxy binds the port itself, also where connections are captured. */
  readonly captureMode?: 'DEFAULT' | 'IPTABLES' | 'NONE'
  /** `127.0.0.1:PORT`, `[::1]:PORT`, `0.0.0.0:PORT` (the workload's own address) or `unix:///PATH`. */
  readonly defaultEndpoint?: string
  /** Of callers beyond the mesh: ended before `defaultEndpoint`, with certificates in files. */
  readonly tls?: ServerTls
  readonly connectionPool?: IstioConnectionPool
}

/** Services that a Sidecar's proxies call, and where. */
export type SidecarEgress = {
  readonly hosts: readonly string[]
  /** Of the hosts' ports this one alone; 0, at a socket: all of them. */
  readonly port?: SidecarIngress['port']
  /** An IP address, or a socket of the file system, `unix:///PATH`, or without a file, `unix://@NAME`: the hosts are
   *  called there, and nowhere else. */
  readonly bind?: string
  /** `NONE`: the proxy binds the address itself (default 127.0.0.1), also where connections are captured. */
  readonly captureMode?: 'DEFAULT' | 'IPTABLES' | 'NONE'
}

/** Istio's Sidecar as the scope of what a proxy gets. An egress host is `namespace/dnsName`; the namespace may
 *  be `*`, `.` (the Sidecar's own) or `~` (none), the name a FQDN, `*` or `*.suffix`. */
export type SidecarSpec = {
  /** Proxies whose labels hold all of these; without it the Sidecar is its namespace's default. */
  readonly workloadSelector?: { readonly labels?: Readonly<Record<string, string>> }
  readonly egress?: readonly SidecarEgress[]
  /** The only inbound listeners that its proxies have, where there are any. */
  readonly ingress?: readonly SidecarIngress[]
  /** Of the connections to the application, where an ingress has no pool of its own. */
  readonly inboundConnectionPool?: IstioConnectionPool
  /** What becomes of connections that no service declares; default: the mesh's `undeclaredOutbound`. */
  readonly outboundTrafficPolicy?: {
    /** Default REGISTRY_ONLY, as Istio reads a policy that does not say. */
    readonly mode?: 'ALLOW_ANY' | 'REGISTRY_ONLY'
    readonly egressProxy?: Json
  }
}
