import type { Stored } from '../model/mesh.ts'
import type { Protocol, ServicePort } from '../model/service.ts'
import { serviceHostname } from './hostnames.ts'
import { isHttp, protocolOf } from './servicePorts.ts'

/** A service as projections read it: hostname and protocols worked out. */
export type CompiledService = {
  /** `namespace/name`. */
  readonly key: string
  readonly stored: Stored<'Service'>
  readonly namespace: string
  readonly hostname: string
  /** Virtual IP. */
  readonly address: string | undefined
  readonly externalName: string | undefined
  readonly ports: readonly CompiledPort[]
}

export type CompiledPort = ServicePort & { readonly protocol: Protocol; readonly http: boolean }

/** `stored` as projections read it, in a mesh of the given domain. */
export const compileService = (stored: Stored<'Service'>, meshDomain: string): CompiledService => {
  const { metadata, spec } = stored.resource
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    stored,
    namespace: metadata.namespace,
    hostname: serviceHostname(stored.resource, meshDomain),
    address: spec.address,
    externalName: spec.externalName,
    ports: spec.ports.map((port) => {
      const protocol = protocolOf(port)
      return { ...port, protocol, http: isHttp(protocol) }
    }),
  }
}
