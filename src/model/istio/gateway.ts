import type { IstioProtocol } from './serviceEntry.ts'

export type ServerTls = {
  readonly httpsRedirect?: boolean
  readonly mode?:
    | 'PASSTHROUGH'
    | 'SIMPLE'
    | 'MUTUAL'
    | 'AUTO_PASSTHROUGH'
    | 'ISTIO_MUTUAL'
    | 'OPTIONAL_MUTUAL'
  readonly serverCertificate?: string
  readonly privateKey?: string
  readonly caCertificates?: string
  readonly caCrl?: string
  readonly credentialName?: string
  readonly credentialNames?: readonly string[]
  readonly subjectAltNames?: readonly string[]
  readonly verifyCertificateSpki?: readonly string[]
  readonly verifyCertificateHash?: readonly string[]
  readonly minProtocolVersion?: TlsVersion
  readonly maxProtocolVersion?: TlsVersion
  readonly cipherSuites?: readonly string[]
}

export type TlsVersion = 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3'

export type GatewayServer = {
  readonly port: {
    readonly number: number
    readonly name: string
    readonly protocol: IstioProtocol
    readonly targetPort?: number
  }
  /** Address to listen on; default every one. */
  readonly bind?: string
  /** `name`, `*.suffix` or `*`, perhaps behind `namespace/`. */
  readonly hosts: readonly string[]
  readonly tls?: ServerTls
  readonly defaultEndpoint?: string
  readonly name?: string
}

/** Istio's Gateway (networking.istio.io): where proxies at the edge listen. */
export type GatewaySpec = {
  readonly servers: readonly GatewayServer[]
  /** Labels of the proxies, in any namespace; none selects every one at the edge. */
  readonly selector?: Readonly<Record<string, string>>
}
