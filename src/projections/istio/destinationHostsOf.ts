import type { IstioDestination } from '../../model/istio/virtualService.ts'
import type { Resource } from '../../model/resource.ts'
import type { Registry } from '../registry/registry.ts'
import { delegateOf } from './delegateOf.ts'
import { resolveHost } from './hostPatterns.ts'

/** A destination that a VirtualService names, and where. */
export type NamedDestination = { readonly destination: IstioDestination; readonly path: string }

/** Every destination that `rule` itself names, mirrors included, each with its JSON pointer. */
export const namedDestinations = ({ spec }: Resource<'VirtualService'>): readonly NamedDestination[] => [
  ...(spec.http ?? []).flatMap((route, i) => [
    ...(route.route ?? []).map(({ destination }, j) => ({
      destination,
      path: `/spec/http/${i}/route/${j}/destination`,
    })),
    ...(route.mirror === undefined ? [] : [{ destination: route.mirror, path: `/spec/http/${i}/mirror` }]),
    ...(route.mirrors ?? []).map(({ destination }, j) => ({
      destination,
      path: `/spec/http/${i}/mirrors/${j}/destination`,
    })),
  ]),
  ...(['tcp', 'tls'] as const).flatMap((key) =>
    (spec[key] ?? []).flatMap(({ route }, i) =>
      route.map(({ destination }, j) => ({ destination, path: `/spec/${key}/${i}/route/${j}/destination` })),
    ),
  ),
]

/** The hostnames of all of them. */
export const ownDestinationHosts = (
  { metadata, spec }: Resource<'VirtualService'>,
  meshDomain: string,
): readonly string[] => {
  const found = new Set<string>()
  const take = ({ host }: IstioDestination): void => {
    found.add(resolveHost(host, metadata.namespace, meshDomain))
  }
  for (const { route = [], mirror, mirrors = [] } of spec.http ?? []) {
    for (const { destination } of route) take(destination)
    if (mirror !== undefined) take(mirror)
    for (const { destination } of mirrors) take(destination)
  }
  for (const { route } of [...(spec.tcp ?? []), ...(spec.tls ?? [])])
    for (const { destination } of route) take(destination)
  return [...found]
}

/** The hostnames of all of them, and of those that it delegates to. */
export const destinationHostsOf = (
  rule: Resource<'VirtualService'>,
  registry: Pick<Registry, 'istio'>,
  meshDomain: string,
): readonly string[] => {
  const own = ownDestinationHosts(rule, meshDomain)
  if (rule.spec.http?.some(({ delegate }) => delegate !== undefined) !== true) return own
  const delegated = (rule.spec.http ?? []).flatMap(({ delegate }) => {
    const found = delegate && delegateOf(rule, delegate, registry)
    return found === undefined ? [] : ownDestinationHosts(found.resource, meshDomain)
  })
  return [...new Set([...own, ...delegated])]
}
