import type { CompiledService } from './compiledService.ts'
import type { Registry } from './registry.ts'

/** Which services a proxy gets: patterns `namespace/dnsName` (Istio's Sidecar), each part exact or `*`, the name
 *  also `*.suffix`. Sorted, so that equal scopes have equal keys. */
export type Scope = { readonly key: string; readonly patterns: readonly Pattern[] }

type Pattern = { readonly namespace: string; readonly name: string }

/** The scope of a proxy that no Sidecar narrows. */
export const openScope: Scope = { key: '*/*', patterns: [{ namespace: '*', name: '*' }] }

/** The scope of a proxy that calls what rules lead to, and nothing by itself. */
export const emptyScope: Scope = { key: '~', patterns: [] }

/** The scope that a Sidecar of `ownNamespace` means by `hosts`; `.` is its own namespace, `~` none. */
export const scopeOf = (hosts: readonly string[], ownNamespace: string): Scope => {
  const texts = hosts.flatMap((host) => {
    const slash = host.indexOf('/')
    const namespace = slash === -1 ? '*' : host.slice(0, slash)
    if (namespace === '~') return []
    return [`${namespace === '.' ? ownNamespace : namespace}/${host.slice(slash + 1)}`]
  })
  const sorted = [...new Set(texts)].sort()
  return {
    key: sorted.join(' '),
    patterns: sorted.map((text) => {
      const slash = text.indexOf('/')
      return { namespace: text.slice(0, slash), name: text.slice(slash + 1) }
    }),
  }
}

/** The services in `scope`, each once. Costs what the scope holds, unless it names a suffix. */
export const servicesInScope = (scope: Scope, registry: Registry): Set<CompiledService> => {
  const found = new Set<CompiledService>()
  for (const pattern of scope.patterns) {
    for (const service of candidates(pattern, registry))
      if (registry.service(service.hostname) === service && takes(pattern, service)) found.add(service)
  }
  return found
}

const candidates = ({ namespace, name }: Pattern, registry: Registry): Iterable<CompiledService> => {
  if (!name.startsWith('*')) return registry.claimants(name)
  return namespace === '*' ? registry.services() : registry.servicesIn(namespace)
}

const takes = ({ namespace, name }: Pattern, service: CompiledService): boolean =>
  (namespace === '*' || namespace === service.namespace) &&
  (name === '*' ||
    name === service.hostname ||
    (name.startsWith('*.') && service.hostname.endsWith(name.slice(1))))

/** Whether `scope` takes `service`. */
export const takesService = ({ patterns }: Scope, service: CompiledService): boolean =>
  patterns.some((pattern) => takes(pattern, service))

/** Every pattern that would take a service of this namespace and hostname: where to look for the scopes that it
 *  enters or leaves. */
export const patternsTaking = (namespace: string, hostname: string): string[] => {
  const labels = hostname.split('.')
  const names = ['*', hostname, ...labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join('.')}`)]
  return names.flatMap((name) => [`*/${name}`, `${namespace}/${name}`])
}
