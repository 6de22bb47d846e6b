import type { Stored } from '../model/mesh.ts'
import type { MeshSettingsSpec } from '../model/meshSettings.ts'
import type { Protocol, ServicePort } from '../model/service.ts'
import { serviceHostname } from './hostnames.ts'
import { isHttp, protocolOf } from './servicePorts.ts'

/** A service, or what an egress rule declares, as projections read it: hostname and protocols worked out. */
export type CompiledService = {
  /** `namespace/name`; of an egress rule a greater one. */
  readonly key: string
  readonly stored: Stored<'Service'> | Stored<'EgressRule'>
  readonly namespace: string
  readonly hostname: string
  /** Virtual IP. */
  readonly address: string | undefined
  readonly externalName: string | undefined
  /** It stands for many hosts outside of the mesh: a domain with `*`, or addresses. */
  readonly many?: 'domain' | 'subnet'
  /** Names that its certificates have. */
  readonly subjectAltNames?: readonly string[]
  readonly ports: readonly CompiledPort[]
}

export type CompiledPort = ServicePort & {
  readonly protocol: Protocol
  readonly http: boolean
  /** Proxies speak mutual TLS with each other for it. */
  readonly mutualTls?: true
}

/** `stored` as projections read it, in a mesh of these settings. */
export const compileService = (
  stored: Stored<'Service'>,
  settings: Required<MeshSettingsSpec>,
): CompiledService => {
  const { metadata, spec } = stored.resource
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    stored,
    namespace: metadata.namespace,
    hostname: serviceHostname(stored.resource, settings.domain),
    address: spec.address,
    externalName: spec.externalName,
    ports: spec.ports.map((port) => {
      const protocol = protocolOf(port)
      // Outside of the mesh nobody shows a certificate of its authority.
      const mutualTls = spec.externalName === undefined && wantsMutualTls(port, settings)
      return { ...port, protocol, http: isHttp(protocol), ...(mutualTls && { mutualTls }) }
    }),
  }
}

/** True where the port, or the mesh and not the port, asks for mutual TLS. */
export const wantsMutualTls = (
  { authPolicy }: Pick<ServicePort, 'authPolicy'>,
  settings: Pick<Required<MeshSettingsSpec>, 'authPolicy'>,
): boolean => (authPolicy === undefined ? settings.authPolicy === 'MUTUAL_TLS' : authPolicy === 'enable')
