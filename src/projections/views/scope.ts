import { byCodeUnit } from '../../model/resourceName.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { partsOf } from '../registry/declarers.ts'
import type { Registry } from '../registry/registry.ts'

/** Which services a proxy gets, and which of their ports: patterns `namespace/dnsName` (Istio's Sidecar), each part exact
 *  or `*`, the name also `*.suffix`, perhaps of one port alone. Sorted, so that equal scopes have equal keys. */
export type Scope = { readonly key: string; readonly patterns: readonly Pattern[] }

type Pattern = { readonly namespace: string; readonly name: string; readonly port?: number }

/** Hosts of a Sidecar, of whatever port or of one. */
export type ScopeHosts = { readonly hosts: readonly string[]; readonly port?: { readonly number: number } }

/** The scope of a proxy that no Sidecar narrows. */
export const openScope: Scope = { key: '*/*', patterns: [{ namespace: '*', name: '*' }] }

/** The scope of a proxy that calls what rules lead to, and nothing by itself. */
export const emptyScope: Scope = { key: '~', patterns: [] }

/** The scope that a Sidecar means by `egress` to proxies of `ownNamespace`; `.` is that namespace, `~` none. */
export const scopeOf = (egress: readonly ScopeHosts[], ownNamespace: string): Scope => {
  const patterns = new Map<string, Pattern>()
  for (const { hosts, port } of egress)
    for (const host of hosts) {
      const slash = host.indexOf('/')
      const namespace = slash === -1 ? '*' : host.slice(0, slash)
      if (namespace === '~') continue
      const pattern = {
        namespace: namespace === '.' ? ownNamespace : namespace,
        name: host.slice(slash + 1),
        ...(isOnePort(port) && { port: port.number }),
      }
      patterns.set(`${pattern.namespace}/${pattern.name}${isOnePort(port) ? `:${port.number}` : ''}`, pattern)
    }
  const sorted = [...patterns].sort(([a], [b]) => byCodeUnit(a, b))
  return { key: sorted.map(([key]) => key).join(' '), patterns: sorted.map(([, pattern]) => pattern) }
}

// 0 stands for all of them.
const isOnePort = (port: ScopeHosts['port']): port is { readonly number: number } =>
  port !== undefined && port.number !== 0

/** The hostnames of services in `scope`. Costs what the scope holds, unless it names a suffix. */
export const hostnamesInScope = (scope: Scope, registry: Registry): Set<string> => {
  const found = new Set<string>()
  for (const pattern of scope.patterns) {
    for (const service of candidates(pattern, registry))
      if (takes(pattern, service)) found.add(service.hostname)
  }
  return found
}

const candidates = ({ namespace, name }: Pattern, registry: Registry): Iterable<CompiledService> => {
  if (!name.startsWith('*')) return registry.claimants(name)
  return namespace === '*' ? registry.services() : registry.servicesIn(namespace)
}

const takes = ({ namespace, name, port }: Pattern, service: CompiledService): boolean =>
  (port === undefined || service.ports.some((one) => one.port === port)) &&
  (namespace === '*' || namespace === service.namespace) &&
  (name === '*' ||
    name === service.hostname ||
    (name.startsWith('*.') && service.hostname.endsWith(name.slice(1))))

/** Whether `scope` takes `service`. */
export const takesService = ({ patterns }: Scope, service: CompiledService): boolean =>
  patterns.some((pattern) => takes(pattern, service))

/** Whether `scope` takes this port of `service`. */
export const takesPort = ({ patterns }: Scope, service: CompiledService, port: number): boolean =>
  patterns.some((pattern) => (pattern.port === undefined || pattern.port === port) && takes(pattern, service))

/** `service` with those of its ports that `scope`, which takes it, has. */
export const withinScope = ({ patterns }: Scope, service: CompiledService): CompiledService => {
  const taking = patterns.filter((pattern) => takes(pattern, service))
  if (taking.some(({ port }) => port === undefined)) return service
  const ports = service.ports.filter(({ port }) => taking.some((pattern) => pattern.port === port))
  return ports.length === service.ports.length ? service : { ...service, parts: partsOf(service), ports }
}

/** Every pattern that would take a service of this namespace and hostname: where to look for the scopes that it
 *  enters or leaves. */
export const patternsTaking = (namespace: string, hostname: string): string[] => {
  const labels = hostname.split('.')
  const names = ['*', hostname, ...labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`)]
  return names.flatMap((name) => [`*/${name}`, `${namespace}/${name}`])
}
