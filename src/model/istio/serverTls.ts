/** The TLS that proxies end for callers: of a Gateway's server, or of a Sidecar's ingress. */
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
  /** The secret with the authorities, before those beside `credentialName` and those in files. */
  readonly caCertCredentialName?: string
  /** One or two, such as one for RSA and one for ECDSA, in place of `serverCertificate` or secrets. */
  readonly tlsCertificates?: readonly TlsCertificate[]
  readonly subjectAltNames?: readonly string[]
  readonly verifyCertificateSpki?: readonly string[]
  readonly verifyCertificateHash?: readonly string[]
  readonly minProtocolVersion?: TlsVersion
  readonly maxProtocolVersion?: TlsVersion
  readonly cipherSuites?: readonly string[]
  /** Callers whose certificate fails are let through. */
  readonly insecureSkipVerify?: boolean
  readonly ecdhCurves?: readonly string[]
  /** What is offered in place of what the server's protocol speaks. */
  readonly alpnProtocols?: readonly string[]
}

/** A certificate in files. */
export type TlsCertificate = {
  readonly serverCertificate: string
  readonly privateKey: string
  readonly caCertificates?: string
}

export type TlsVersion = 'TLS_AUTO' | 'TLSV1_0' | 'TLSV1_1' | 'TLSV1_2' | 'TLSV1_3'
