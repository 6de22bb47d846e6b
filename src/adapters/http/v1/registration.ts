import type { InstanceSpec } from '../../../model/instance.ts'
import type { Mesh } from '../../../model/mesh.ts'
import type { Resource } from '../../../model/resource.ts'
import { byCodeUnit } from '../../../model/resourceName.ts'
import { valuesOf } from '../../../model/trie.ts'
import { parseServiceKey, serviceKeyText } from './serviceKey.ts'

/** Where a service is, as Envoys of 2017 asked their service discovery service. */
export type RegisteredHost = {
  readonly ip_address: string
  readonly port: number
  readonly tags?: { readonly az: string }
}

/** The hosts of a service key, each once, sorted; none where nobody has that name. */
export const registrationOf = (mesh: Mesh, key: string): readonly RegisteredHost[] => {
  const { hostname, ports, labels } = parseServiceKey(key)
  const service = [...valuesOf(mesh.services)].find(({ resource }) => hostnameOf(resource, mesh) === hostname)
  return service === undefined ? [] : hostsOf(mesh, service.resource, ports, labels).map(bare)
}

/** Every port of every service within the mesh, with its hosts and their zones, sorted by service key. */
export const allRegistrations = (
  mesh: Mesh,
): readonly { readonly 'service-key': string; readonly hosts: readonly RegisteredHost[] }[] =>
  [...valuesOf(mesh.services)]
    .filter(({ resource }) => resource.spec.externalName === undefined)
    .flatMap(({ resource }) =>
      resource.spec.ports.map(({ name }) => ({
        'service-key': serviceKeyText({ hostname: hostnameOf(resource, mesh), ports: [name], labels: [] }),
        hosts: hostsOf(mesh, resource, [name], []),
      })),
    )
    .filter(({ hosts }) => hosts.length > 0)
    .sort((a, b) => byCodeUnit(a['service-key'], b['service-key']))

/** The full name of a service (contract §2). */
export const hostnameOf = ({ metadata, spec }: Resource<'Service'>, mesh: Mesh): string =>
  spec.hostname ??
  `${metadata.name}.${metadata.namespace}.svc.${mesh.settings?.resource.spec.domain ?? 'cluster.local'}`

const bare = ({ ip_address, port }: RegisteredHost): RegisteredHost => ({ ip_address, port })

const hostsOf = (
  mesh: Mesh,
  service: Resource<'Service'>,
  ports: readonly string[],
  labels: readonly Readonly<Record<string, string>>[],
): readonly RegisteredHost[] => {
  const names = ports.length === 0 ? service.spec.ports.map(({ name }) => name) : ports
  const found = new Map<string, RegisteredHost>()
  for (const { resource } of valuesOf(mesh.instances)) {
    if (!isOf(resource, service, hostnameOf(service, mesh)) || !hasAny(resource.spec, labels)) continue
    for (const name of names) {
      const port = resource.spec.ports[name]
      if (port === undefined) continue
      const number = typeof port === 'number' ? port : port.port
      const { address, zone } = resource.spec
      found.set(`${address} ${number}`, {
        ip_address: address,
        port: number,
        ...(zone === undefined ? {} : { tags: { az: zone } }),
      })
    }
  }
  return [...found].sort(([a], [b]) => byCodeUnit(a, b)).map(([, host]) => host)
}

const isOf = (
  { metadata, spec }: Resource<'Instance'>,
  service: Resource<'Service'>,
  hostname: string,
): boolean =>
  [spec.service]
    .flat()
    .some(
      (name) =>
        name === hostname ||
        (name === service.metadata.name && metadata.namespace === service.metadata.namespace),
    )

const hasAny = ({ labels = {} }: InstanceSpec, sets: readonly Readonly<Record<string, string>>[]): boolean =>
  sets.length === 0 || sets.some((set) => Object.entries(set).every(([key, value]) => labels[key] === value))
