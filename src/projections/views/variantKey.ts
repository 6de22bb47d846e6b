import type { Stored } from '../../model/mesh.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { istioVariantKey } from '../istio/istioVariantKey.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import type { CallableNames } from './callableNames.ts'
import { doorsOf } from './egressPlaces.ts'
import { lostHosts } from './lostDomains.ts'
import { takesPort } from './scope.ts'
import type { SliceVariant } from './slice.ts'

/** The declared input of the slice of `service`, which callers know by `names`: equal keys, equal slices, as long as the registry stands. `foreign`:
 *  other hostnames that rules to it lead to. */
export const variantKeyOf = (
  service: CompiledService,
  names: CallableNames,
  foreign: readonly string[],
  variant: SliceVariant,
  registry: Registry,
): string => {
  const hostnames = [service.hostname, ...foreign]
  return [
    variant.mode,
    names.hosts.length,
    sourceRules(registry.rulesTo(service.hostname), variant),
    sourceRules(registry.policiesTo(service.hostname), variant),
    lostKey(service, names, variant, registry),
    // Rules to this service may lead to others, whose policies may hold for some callers only.
    foreign.map((hostname) => sourceRules(registry.policiesTo(hostname), variant)).join(' '),
    istioVariantKey(hostnames, variant, registry),
    meantKey(hostnames, variant, registry),
    // A Sidecar may have left some out.
    service.parts === undefined ? '' : service.ports.map(({ port }) => port).join(' '),
    placesKey(service, names, variant, registry),
  ].join('\n')
}

/** Those of `rules` that hold for these callers alone. */
const sourceRules = (rules: readonly Stored[], { sourceRules: held }: SliceVariant): string =>
  rules.length === 0 || held.size === 0
    ? ''
    : rules
        .map(({ resource }) => keyOf(nameOf(resource)))
        .filter((key) => held.has(key))
        .join(' ')

/** Which names others answer to, by port. */
const lostKey = (
  service: CompiledService,
  names: CallableNames,
  variant: SliceVariant,
  registry: Registry,
): string =>
  names.contested.length === 0
    ? ''
    : service.ports
        .filter(({ http }) => http)
        .map(({ port }) => lostHosts(service, names, port, variant, registry.claims).join(','))
        .join(' ')

/** Which services the hostnames mean that more than one claims. */
const meantKey = (hostnames: readonly string[], { meant }: SliceVariant, registry: Registry): string =>
  hostnames
    .filter((hostname) => registry.claimants(hostname).length > 1)
    .map((hostname) => meant(hostname)?.key)
    .join(' ')

/** Which ports are called without a place, and at which places the others, by which names. */
const placesKey = (
  service: CompiledService,
  names: CallableNames,
  variant: SliceVariant,
  registry: Registry,
): string => {
  const { apart } = variant
  if (apart === undefined) return ''
  return JSON.stringify(
    service.ports.map((port) => [
      takesPort(apart.called, service, port.port),
      doorsOf(service, port, apart).map(({ name, place }) => [
        name,
        place.bound,
        place.port,
        lostHosts(service, names, port.port, variant, registry.claims, place.scope),
      ]),
    ]),
  )
}
