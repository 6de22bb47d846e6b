import type { Resource } from '../model/resource.ts'
import type { IstioService } from '../model/routeRule.ts'

/** The host that a rule of 2017 in `namespace` means (docs/spec P2). */
export const hostOf = (named: IstioService, namespace: string, domain: string): string => {
  if (named.service !== undefined) return named.service
  if (named.name === undefined) return ''
  return `${named.name}.${named.namespace ?? namespace}.${named.domain ?? `svc.${domain}`}`
}

/** How a rule of 2017 in `namespace` names a host of Istio's; `undefined` for one with `*`. */
export const serviceOf = (host: string, namespace: string, domain: string): IstioService | undefined => {
  if (host.includes('*')) return undefined
  if (!host.includes('.')) return { name: host }
  const suffix = `.svc.${domain}`
  const [name, itsNamespace, ...rest] = host.endsWith(suffix) ? host.slice(0, -suffix.length).split('.') : []
  if (name === undefined || itsNamespace === undefined || rest.length > 0) return { service: host }
  return itsNamespace === namespace ? { name } : { name, namespace: itsNamespace }
}

/** The full name of a host as a rule of Istio's in `namespace` writes it. */
export const fullHost = (host: string, namespace: string, domain: string): string =>
  host.includes('.') || host === '*' ? host : `${host}.${namespace}.svc.${domain}`

/** `resources` of 2017 by the host that they are for. */
export const byHostOf = <K extends 'RouteRule' | 'DestinationPolicy'>(
  resources: readonly Resource<K>[],
  domain: string,
): ReadonlyMap<string, readonly Resource<K>[]> => {
  const found = new Map<string, Resource<K>[]>()
  for (const resource of resources) {
    const { destination } = resource.spec as Resource<'RouteRule'>['spec']
    const host = hostOf(destination, resource.metadata.namespace, domain)
    found.set(host, [...(found.get(host) ?? []), resource])
  }
  return found
}

/** What a document for `host` is called. */
export const nameFor = (host: string): string =>
  (host.split('.')[1] === namespaceOf(host) && host.includes('.svc.')
    ? (host.split('.')[0] ?? host)
    : host
  ).replaceAll('*', 'all')

/** The namespace of a service of the mesh, `default` for others. */
export const namespaceOf = (host: string): string =>
  host.includes('.svc.') ? (host.split('.')[1] ?? 'default') : 'default'
