import { createHash } from 'node:crypto'
import type { Mesh } from '../../../model/mesh.ts'
import { everyStoredIn } from '../../../model/storedIn.ts'
import { valuesOf } from '../../../model/trie.ts'
import { hostnameOf } from './registration.ts'
import { serviceKeyText } from './serviceKey.ts'

/** Names of 2017 for the names of today. */
export type V1Names = {
  /** `out.` and the SHA-1 of the service key, `in.<port>`; other names stay. */
  readonly cluster: (name: string) => string
  /** The service key of an outbound cluster. */
  readonly key: (name: string) => string | undefined
}

/** The names of clusters as the Pilot of 2017 gave them: Envoy took no more than 60 characters. */
export const v1Names = (mesh: Mesh): V1Names => {
  const portNames = new Map<string, string>()
  for (const { resource } of valuesOf(mesh.services))
    for (const { name, port } of resource.spec.ports)
      portNames.set(`${hostnameOf(resource, mesh)} ${port}`, name)
  for (const { resource } of everyStoredIn(mesh, 'EgressRule'))
    if (resource.kind === 'EgressRule')
      for (const { port, protocol } of resource.spec.ports)
        portNames.set(
          `${resource.spec.destination.service ?? ''} ${port}`,
          `external-${protocol.toUpperCase()}-${port}`,
        )
  const key = (name: string): string | undefined => {
    const [direction, port = '', subset = '', hostname = ''] = name.split('|')
    if (direction !== 'outbound') return undefined
    const labels = subset === '' ? [] : [labelsOf(mesh, hostname, subset)]
    return serviceKeyText({ hostname, ports: [portNames.get(`${hostname} ${port}`) ?? port], labels })
  }
  return {
    key,
    cluster: (name) => {
      const found = key(name)
      if (found !== undefined) return `out.${createHash('sha1').update(found).digest('hex')}`
      const [direction, port] = name.split('|')
      return direction === 'inbound' ? `in.${port}` : name
    },
  }
}

/** A subset of 2017 is its labels; one of Istio is defined by a DestinationRule of its host. */
const labelsOf = (mesh: Mesh, hostname: string, subset: string): Readonly<Record<string, string>> => {
  if (subset.includes('='))
    return Object.fromEntries(
      subset.split(',').map((label) => {
        const at = label.indexOf('=')
        return [label.slice(0, at), label.slice(at + 1)]
      }),
    )
  for (const { resource } of everyStoredIn(mesh, 'DestinationRule')) {
    if (resource.kind !== 'DestinationRule' || !isFor(resource.spec.host, hostname)) continue
    const found = resource.spec.subsets?.find(({ name }) => name === subset)
    if (found?.labels !== undefined) return found.labels
  }
  return { subset }
}

const isFor = (host: string, hostname: string): boolean =>
  host === hostname || (!host.includes('.') && hostname.startsWith(`${host}.`))
