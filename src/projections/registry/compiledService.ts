import type { WorkloadEntrySpec } from '../../model/istio/workloadEntry.ts'
import type { Stored } from '../../model/mesh.ts'
import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { Protocol, ServicePort } from '../../model/service.ts'
import { serviceHostname } from './hostnames.ts'
import { isHttp, protocolOf } from './servicePorts.ts'

/** A service, or what an EgressRule or ServiceEntry declares, as projections read it: hostname and protocols worked
 *  out. */
export type CompiledService = {
  /** `namespace/name`; of other kinds than Service a greater one. */
  readonly key: string
  readonly stored: Stored<'Service'> | Stored<'EgressRule'> | Stored<'ServiceEntry'>
  readonly namespace: string
  readonly hostname: string
  /** Virtual IPs, each once. */
  readonly addresses: readonly string[]
  /** Only connections to these subnets (`10.0.0.0/8`) are for it; none: to any address. */
  readonly subnets?: readonly string[]
  /** Outside of the mesh: its name is worth less there than one of the mesh's own. */
  readonly external: boolean
  readonly found: Found
  /** Of a service outside of the mesh: names in TLS that mean it. */
  readonly serverNames?: readonly string[]
  /** Names that its certificates have. */
  readonly subjectAltNames?: readonly string[]
  /** Namespaces of callers, as Istio writes them; absent: all. */
  readonly exportTo?: readonly string[]
  readonly ports: readonly CompiledPort[]
  /** The ServiceEntries of its host that make it up, where they are more than one. */
  readonly parts?: readonly CompiledService[]
}

/** What a service, or one of the ServiceEntries that make it up, says of its ports. */
export type Declaration = Pick<
  CompiledService,
  'stored' | 'addresses' | 'subnets' | 'external' | 'found' | 'subjectAltNames'
>

export type CompiledPort = ServicePort & {
  readonly protocol: Protocol
  readonly http: boolean
  /** Proxies speak mutual TLS with each other for it. */
  readonly mutualTls?: true
  /** Where its endpoints listen that do not say. */
  readonly targetPort?: number
}

/** Where connections to a service go. */
export type Found =
  /** To the instances of the registry, to workloads with these labels in its namespace, and to these endpoints. */
  | {
      readonly by: 'registry'
      readonly selector?: Readonly<Record<string, string>>
      readonly endpoints?: readonly WorkloadEntrySpec[]
    }
  /** To what DNS says of the name, or of the endpoints' addresses where there are any; `once`: to the first answer. */
  | {
      readonly by: 'dns'
      readonly name: string
      readonly selector?: Readonly<Record<string, string>>
      readonly endpoints?: readonly WorkloadEntrySpec[]
      readonly once?: true
    }
  /** To where the caller wants: its connection's address, or its request's authority. */
  | { readonly by: 'caller' }
  /** To what DNS says of the name that the caller asks for: its request's authority, or the name in its TLS. */
  | { readonly by: 'askedName' }

/** `stored` as projections read it, in a mesh of these settings. */
export const compileService = (
  stored: Stored<'Service'>,
  settings: Required<MeshSettingsSpec>,
): CompiledService => {
  const { metadata, spec } = stored.resource
  const hostname = serviceHostname(stored.resource, settings.domain)
  const { address, externalName } = spec
  return {
    key: `${metadata.namespace}/${metadata.name}`,
    stored,
    namespace: metadata.namespace,
    hostname,
    addresses: address === undefined ? [] : [address],
    external: externalName !== undefined,
    found: externalName === undefined ? { by: 'registry' } : { by: 'dns', name: externalName },
    ...(externalName === undefined ? {} : { serverNames: [...new Set([hostname, externalName])] }),
    ports: spec.ports.map((port) => {
      const protocol = protocolOf(port)
      // Outside of the mesh nobody shows a certificate of its authority.
      const mutualTls = externalName === undefined && wantsMutualTls(port, settings)
      return { ...port, protocol, http: isHttp(protocol), ...(mutualTls && { mutualTls }) }
    }),
  }
}

/** True where the port, or the mesh and not the port, asks for mutual TLS. */
export const wantsMutualTls = (
  { authPolicy }: Pick<ServicePort, 'authPolicy'>,
  settings: Pick<Required<MeshSettingsSpec>, 'authPolicy'>,
): boolean => (authPolicy === undefined ? settings.authPolicy === 'MUTUAL_TLS' : authPolicy === 'enable')
