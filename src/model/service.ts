/** What a port speaks. `HTTP`, `HTTP2` and `GRPC` are routed by request, the rest by connection. */
export type Protocol = 'HTTP' | 'HTTP2' | 'GRPC' | 'HTTPS' | 'TCP' | 'Mongo' | 'Redis'

/** One port that callers of a service use. `protocol` defaults by the prefix of `name`, else TCP. */
export type ServicePort = {
  readonly name: string
  readonly port: number
  readonly protocol?: Protocol
  readonly authPolicy?: 'enable' | 'disable'
}

/** A service of the registry (contract §2). */
export type ServiceSpec = {
  /** Default: `<name>.<namespace>.svc.<domain of the mesh>`. */
  readonly hostname?: string
  /** Virtual IP; may be absent. */
  readonly address?: string
  readonly ports: readonly ServicePort[]
  /** DNS name of a service outside of the mesh. */
  readonly externalName?: string
}
