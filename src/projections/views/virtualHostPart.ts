import { isRight } from 'fp-ts/lib/Either.js'
import type { VirtualHostPart } from '../../model/xds.ts'
import { encoded, tryEncoded } from '../encoded.ts'
import { withHashes } from '../istio/trafficFor.ts'
import { provenanceOf } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { declarationOf } from '../registry/declarers.ts'
import { domainsOf } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import { defaultRoute } from '../routes/defaultRoute.ts'
import { encodedRoute } from '../routes/encodedRoute.ts'
import type { HttpRoute } from '../routes/httpRoute.ts'
import { virtualHostJson } from '../routes/virtualHost.ts'
import type { CallableNames } from './callableNames.ts'
import { lostHosts } from './lostDomains.ts'
import type { Scope } from './scope.ts'
import type { SliceVariant } from './slice.ts'

const virtualHostUrl = 'type.googleapis.com/envoy.config.route.v3.VirtualHost'

/** How a service is called (`domainsOf`), and, at a place, the scope in which others contend for its names. */
type Calling = {
  readonly names: CallableNames
  readonly mode: Parameters<typeof domainsOf>[2]
  readonly scope?: Scope
}

/** The virtual host of `port` of `service`; `undefined` where other services have the better claim to all of its names. */
export const virtualHostPart = (
  service: CompiledService,
  port: CompiledPort,
  { routes, by }: { readonly routes: readonly HttpRoute[]; readonly by: Calling },
  variant: SliceVariant,
  registry: Registry,
): VirtualHostPart | undefined => {
  const lost = lostHosts(service, by.names, port.port, variant, registry.claims, by.scope)
  const hosts = by.names.hosts.filter((host) => !lost.includes(host))
  if (hosts.length === 0) return undefined
  const name = `${service.hostname}:${port.port}`
  const rule = provenanceOf(declarationOf(service, port).stored)
  const domains = domainsOf(hosts, port.port, by.mode)
  const last = withHashes(defaultRoute(service.hostname, port.port, rule), variant, registry)
  const build = (some: readonly HttpRoute[]) =>
    virtualHostJson({ name, domains, routes: some, defaultRoute: last })
  const whole = build(routes)
  const message = tryEncoded(virtualHostUrl, whole.json)
  // One route that Envoy's limits refuse must not take the others down with it.
  const built = isRight(message) ? whole : build(routes.filter((route) => isRight(encodedRoute(route))))
  return {
    name,
    ...(isRight(message) ? message.right : encoded(virtualHostUrl, built.json)),
    clusters: built.clusters,
    causes: built.routes.map(({ rule }) => rule),
  }
}
