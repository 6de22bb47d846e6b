import type { GatewayServer } from '../../../model/istio/gateway.ts'
import type { Protocol } from '../../../model/service.ts'

/** What a proxy does with what comes to a server: routes requests, or passes connections on. */
export type ServerKind =
  | { readonly kind: 'http'; readonly tls: boolean }
  /** `tls`: it ends TLS first. */
  | { readonly kind: 'tcp'; readonly tls: boolean; readonly protocol: Protocol }
  /** TLS is passed on as it comes. */
  | { readonly kind: 'passthrough' }
  | { readonly kind: 'none' }

/** What `server` is; `none` where proxies have nothing for it. */
export const serverKind = ({ port: { protocol }, tls }: GatewayServer): ServerKind => {
  switch (protocol) {
    case 'HTTP':
    case 'HTTP2':
    case 'GRPC':
    case 'GRPC-WEB':
      return { kind: 'http', tls: false }
    case 'HTTPS':
    case 'TLS':
      if (tls?.mode === 'AUTO_PASSTHROUGH') return { kind: 'none' }
      // Without a mode Istio passes TLS on.
      if (tls?.mode === undefined || tls.mode === 'PASSTHROUGH') return { kind: 'passthrough' }
      return protocol === 'HTTPS' ? { kind: 'http', tls: true } : { kind: 'tcp', tls: true, protocol: 'TCP' }
    case 'UDP':
      return { kind: 'none' }
    case 'MONGO':
      return { kind: 'tcp', tls: false, protocol: 'Mongo' }
    default:
      return { kind: 'tcp', tls: false, protocol: 'TCP' }
  }
}
