import type { ServerTls } from './serverTls.ts'
import type { IstioProtocol } from './serviceEntry.ts'

export type GatewayServer = {
  readonly port: {
    readonly number: number
    readonly name: string
    readonly protocol: IstioProtocol
    /** Where proxies listen; default `number`, as which callers and rules know the port. */
    readonly targetPort?: number
  }
  /** Address to listen on; default every one. */
  readonly bind?: string
  /** `name`, `*.suffix` or `*`, perhaps behind `namespace/`. */
  readonly hosts: readonly string[]
  readonly tls?: ServerTls
  /** Beside the proxy, where what no rule takes goes. */
  readonly defaultEndpoint?: string
  readonly name?: string
}

/** Istio's Gateway (networking.istio.io): where proxies at the edge listen. */
export type GatewaySpec = {
  readonly servers: readonly GatewayServer[]
  /** Labels of the proxies, in any namespace; none selects every one at the edge. */
  readonly selector?: Readonly<Record<string, string>>
}
