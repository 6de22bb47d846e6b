import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import { istioVariantKey } from '../istio/istioVariantKey.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { shortForms } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import { doorsOf } from './egressPlaces.ts'
import { lostHosts } from './lostDomains.ts'
import { takesPort } from './scope.ts'
import type { SliceVariant } from './slice.ts'

/** The declared input of the slice of `service`: equal keys, equal slices, as long as the registry stands. `foreign`:
 *  other hostnames that rules to it lead to. */
export const variantKeyOf = (
  service: CompiledService,
  foreign: readonly string[],
  variant: SliceVariant,
  registry: Registry,
): string => {
  const rules = [...registry.rulesTo(service.hostname), ...registry.policiesTo(service.hostname)]
    .map(({ resource }) => keyOf(nameOf(resource)))
    .filter((key) => variant.sourceRules.has(key))
  const lost = service.ports
    .filter(({ http }) => http)
    .map(({ port }) => lostHosts(service, port, variant, registry.claims).join(','))
  const forms = shortForms(service.hostname, variant.domain).length
  // Rules to this service may lead to others, whose policies may hold for some callers only.
  const foreignRules = foreignSourceRules(foreign, variant, registry)
  const hostnames = [service.hostname, ...foreign]
  const istio = istioVariantKey(hostnames, variant, registry)
  const meant = meantKey(hostnames, variant, registry)
  // A Sidecar may have left some out.
  const ports = service.parts === undefined ? '' : service.ports.map(({ port }) => port).join(' ')
  const places = placesKey(service, variant, registry)
  return [
    variant.mode,
    forms,
    rules.join(' '),
    lost.join(' '),
    foreignRules,
    istio,
    meant,
    ports,
    places,
  ].join('\n')
}

/** Which services the hostnames mean that more than one claims. */
const meantKey = (hostnames: readonly string[], { meant }: SliceVariant, registry: Registry): string =>
  hostnames
    .filter((hostname) => registry.claimants(hostname).length > 1)
    .map((hostname) => meant(hostname)?.key)
    .join(' ')

/** Which ports are called without a place, and at which places the others, by which names. */
const placesKey = (service: CompiledService, variant: SliceVariant, registry: Registry): string => {
  const { apart } = variant
  if (apart === undefined) return ''
  return JSON.stringify(
    service.ports.map((port) => [
      takesPort(apart.called, service, port.port),
      doorsOf(service, port, apart).map(({ name, place }) => [
        name,
        place.bound,
        place.port,
        lostHosts(service, port.port, variant, registry.claims, place.scope),
      ]),
    ]),
  )
}

const foreignSourceRules = (
  foreign: readonly string[],
  variant: SliceVariant,
  registry: Registry,
): string => {
  if (variant.sourceRules.size === 0) return ''
  return foreign
    .flatMap((hostname) => registry.policiesTo(hostname).map(({ resource }) => keyOf(nameOf(resource))))
    .filter((key) => variant.sourceRules.has(key))
    .sort(byCodeUnit)
    .join(' ')
}
