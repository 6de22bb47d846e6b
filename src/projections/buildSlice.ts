import { isRight } from 'fp-ts/lib/Either.js'
import { durationMs } from '../model/duration.ts'
import type { Stored } from '../model/mesh.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import type { VirtualHostPart } from '../model/xds.ts'
import { outboundCluster, subsetName } from './clusterName.ts'
import { outboundClusterJson } from './clusters.ts'
import type { CompiledPort, CompiledService } from './compiledService.ts'
import { compileRouteRule } from './compileRouteRule.ts'
import { defaultRoute } from './defaultRoute.ts'
import { causeOf, encoded, tryEncoded, tryXdsResource, xdsResource } from './encoded.ts'
import { encodedRoute } from './encodedRoute.ts'
import { domainsOf, shortForms } from './hostnames.ts'
import { httpProxyName } from './httpProxyListener.ts'
import { type Destination, destinationsOf, type HttpRoute } from './httpRoute.ts'
import { lostHosts } from './lostDomains.ts'
import { outboundTcpListenerJson } from './outboundListeners.ts'
import { policyFor } from './policies.ts'
import type { Provenance } from './provenance.ts'
import type { Registry } from './registry.ts'
import type { ClusterPart, Slice, SliceVariant } from './slice.ts'
import { virtualHostJson } from './virtualHost.ts'

const virtualHostUrl = 'type.googleapis.com/envoy.config.route.v3.VirtualHost'

/** The declared input of the slice of `service`: equal keys, equal slices, as long as the registry stands. */
export const variantKeyOf = (service: CompiledService, variant: SliceVariant, registry: Registry): string => {
  const rules = [...registry.rulesTo(service.hostname), ...registry.policiesTo(service.hostname)]
    .map(({ resource }) => keyOf(nameOf(resource)))
    .filter((key) => variant.sourceRules.has(key))
  const lost = httpPortsOf(service).map(({ port }) =>
    lostHosts(service, port, variant, registry.claims).join(','),
  )
  const forms = shortForms(service.hostname, variant.domain).length
  // Rules to this service may lead to others, whose policies may hold for some callers only.
  const foreign = foreignSourceRules(service, variant, registry)
  return [variant.mode, forms, rules.join(' '), lost.join(' '), foreign].join('\n')
}

/** What `service` adds to the configuration of callers of this variant. */
export const buildSlice = (
  service: CompiledService,
  variant: SliceVariant,
  registry: Registry,
  variantKey: string,
): Slice => {
  const clusters = new Map<string, ClusterPart>()
  const need = (destination: Destination): void => {
    if (!clusters.has(destination.cluster))
      clusters.set(destination.cluster, clusterPart(destination, service, variant, registry))
  }
  const virtualHosts: Slice['virtualHosts'][number][] = []
  for (const port of service.ports) {
    need(destinationOf(service, port))
    if (!port.http || variant.mode === 'none') continue
    const routes = routesOf(service, port, variant, registry)
    for (const route of routes) for (const destination of destinationsOf(route)) need(destination)
    const table = variant.mode === 'proxy' ? httpProxyName : String(port.port)
    const part = virtualHostPart(service, port, routes, variant, registry)
    if (part !== undefined) virtualHosts.push({ table, part })
  }
  const captured = variant.mode === 'captured'
  return {
    service,
    variantKey,
    clusters: [...clusters.values()],
    virtualHosts,
    tcpListeners: captured ? tcpListenersOf(service, registry) : [],
    httpPorts: captured ? httpPortsOf(service).map(({ port }) => port) : [],
  }
}

const httpPortsOf = (service: CompiledService): readonly CompiledPort[] =>
  service.ports.filter(({ http }) => http)

const serviceProvenance = ({ stored }: CompiledService): Provenance => provenanceOf(stored)

const provenanceOf = ({ resource, position }: Stored): Provenance => ({ ...nameOf(resource), position })

const destinationOf = ({ hostname }: CompiledService, { port }: CompiledPort): Destination => ({
  hostname,
  port,
  labels: {},
  cluster: outboundCluster(port, '', hostname),
})

const routesOf = (
  service: CompiledService,
  port: CompiledPort,
  variant: SliceVariant,
  registry: Registry,
): HttpRoute[] =>
  registry
    .rulesTo(service.hostname)
    .filter(
      ({ resource }) =>
        resource.spec.match?.source === undefined || variant.sourceRules.has(keyOf(nameOf(resource))),
    )
    .map((rule) => compileFor(rule, service, port, registry))
    .filter((route) => route !== undefined)

const compileFor = (
  rule: Stored<'RouteRule'>,
  { hostname }: CompiledService,
  port: CompiledPort,
  registry: Registry,
): HttpRoute | undefined =>
  compileRouteRule(
    rule,
    { hostname, port },
    registry.settings().domain,
    (other) => registry.service(other)?.ports,
  ).route

const virtualHostPart = (
  service: CompiledService,
  port: CompiledPort,
  routes: readonly HttpRoute[],
  variant: SliceVariant,
  registry: Registry,
): VirtualHostPart | undefined => {
  const mode = variant.mode === 'proxy' ? 'proxy' : 'captured'
  const lost = new Set(lostHosts(service, port.port, variant, registry.claims))
  const lostDomains = new Set(
    [...lost].flatMap((host) => {
      const bracketed = host.includes(':') ? `[${host}]` : host
      return [bracketed, `${bracketed}:${port.port}`]
    }),
  )
  const domains = domainsOf(service.hostname, service.address, port.port, variant.domain, mode).filter(
    (domain) => !lostDomains.has(domain),
  )
  if (domains.length === 0) return undefined
  const name = `${service.hostname}:${port.port}`
  const rule = serviceProvenance(service)
  const build = (some: readonly HttpRoute[]) =>
    virtualHostJson({
      name,
      domains,
      routes: some,
      defaultRoute: defaultRoute(service.hostname, port.port, rule),
    })
  const whole = build(routes)
  const message = tryEncoded(virtualHostUrl, whole.json)
  // One route that Envoy's limits refuse must not take the others down with it.
  const built = isRight(message) ? whole : build(routes.filter((route) => isRight(encodedRoute(route))))
  return {
    name,
    ...(isRight(message) ? message.right : encoded(virtualHostUrl, built.json)),
    clusters: built.clusters,
    causes: [...built.routes.map((route) => causeOf(route.rule))],
  }
}

/** The cluster of a destination. An unknown service has one too, without endpoints: a route to it then answers 503
 *  instead of being held back for ever. */
const clusterPart = (
  destination: Destination,
  referrer: CompiledService,
  variant: SliceVariant,
  registry: Registry,
): ClusterPart => {
  const { hostname, port, labels, cluster } = destination
  const service = registry.service(hostname)
  const servicePort = service?.ports.find((one) => one.port === port)
  const policy = policyFor(
    registry
      .policiesTo(hostname)
      .filter(
        ({ resource }) =>
          resource.spec.source === undefined || variant.sourceRules.has(keyOf(nameOf(resource))),
      ),
    labels,
  )
  const rule = serviceProvenance(service ?? referrer)
  const external = service?.externalName
  const plain = {
    hostname,
    port,
    protocol: servicePort?.protocol ?? 'HTTP',
    subset: subsetName(labels),
    connectTimeoutMs: durationMs(registry.settings().connectTimeout) ?? 1000,
    rule,
    ...(external === undefined ? {} : { externalName: external }),
  }
  const withPolicy =
    policy &&
    tryXdsResource(
      'clusters',
      cluster,
      outboundClusterJson({ ...plain, rule: provenanceOf(policy), policy: policy.resource.spec }),
      [provenanceOf(policy), rule],
    )
  return {
    resource:
      withPolicy !== undefined && isRight(withPolicy)
        ? withPolicy.right
        : xdsResource('clusters', cluster, outboundClusterJson(plain), [rule]),
    hostname,
    port,
    labels,
    eds: external === undefined,
  }
}

const tcpListenersOf = (service: CompiledService, registry: Registry) =>
  service.ports
    .filter(({ http }) => !http)
    .map(({ port, protocol }) => {
      const rule = serviceProvenance(service)
      const json = outboundTcpListenerJson({
        hostname: service.hostname,
        port,
        protocol,
        accessLog: registry.settings().accessLog,
        rule,
        ...(service.address === undefined ? {} : { virtualIp: service.address }),
        ...(service.externalName === undefined
          ? {}
          : {
              external: {
                name: service.externalName,
                undeclaredOutbound: registry.settings().undeclaredOutbound,
              },
            }),
      })
      return {
        ...xdsResource('listeners', String(json['name']), json, [rule]),
        clusters: [outboundCluster(port, '', service.hostname)],
      }
    })

const foreignSourceRules = (service: CompiledService, variant: SliceVariant, registry: Registry): string => {
  if (variant.sourceRules.size === 0) return ''
  return foreignHostnames(service, registry)
    .flatMap((hostname) => registry.policiesTo(hostname).map(({ resource }) => keyOf(nameOf(resource))))
    .filter((key) => variant.sourceRules.has(key))
    .sort(byCodeUnit)
    .join(' ')
}

/** Other hostnames that rules to `service` lead to: its slices depend on them too. */
export const foreignHostnames = (service: CompiledService, registry: Registry): string[] => {
  const found = new Set<string>()
  for (const rule of registry.rulesTo(service.hostname))
    for (const port of httpPortsOf(service).slice(0, 1)) {
      const route = compileFor(rule, service, port, registry)
      if (route !== undefined) for (const { hostname } of destinationsOf(route)) found.add(hostname)
    }
  found.delete(service.hostname)
  return [...found]
}
