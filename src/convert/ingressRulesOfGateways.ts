import { defaultIngressPort, defaultTlsPort } from '../model/ingressHost.ts'
import type { Resource } from '../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import { type HostRoute, type HostRoutes, tellEdgeLosses } from './edgeLosses.ts'
import { edgeRoutes } from './edgeRoutes.ts'
import {
  bothHosts,
  covers,
  type GatewayPlace,
  gatewayOf,
  gatewayPlaces,
  hostRank,
  placesOf,
} from './gatewayPlaces.ts'
import type { Beside } from './gatewaysOfIngressRules.ts'
import type { Lose } from './loss.ts'
import { fullHost } from './ruleHost.ts'
import { tellBesideGateways } from './tellBesideGateways.ts'

type Rule = Resource<'VirtualService'>
/** The documents of Gateways, and what is known beside them. */
export type AtGateways = {
  readonly gateways: readonly Resource<'Gateway'>[]
  readonly rules: readonly Rule[]
  /** IngressRules that stand among the documents already. */
  readonly ingress: readonly Resource<'IngressRule'>[]
  /** Ingresses, which are of no dialect. */
  readonly kubernetes: readonly Resource<'Ingress'>[]
  readonly beside: Beside
  /** Namespace of the ingress proxies. */
  readonly ingressNamespace: string | undefined
}

/** VirtualServices at Gateways as IngressRules: for each host and port the routes that it has there, its own first, then
 *  those of wider hosts, to which requests of 2017 would not fall through. */
export const ingressRulesOfGateways = (
  { gateways, rules, ingress, kubernetes, beside, ingressNamespace }: AtGateways,
  loseOf: (resource: Resource) => Lose,
): readonly Resource<'IngressRule'>[] => {
  const places = gatewayPlaces(gateways, ingressNamespace, loseOf)
  const found = hostsOf(places, rules, beside.domain).flatMap(({ host, port }): readonly HostRoutes[] => {
    const own = placesOf(places, host, port)
    const [place] = own
    // All of what comes there is sent to TLS, whatever rules say.
    if (place === undefined || own.every(({ toTls }) => toTls)) return []
    return [{ host, port, place, routes: routesOf(host, port, places, rules, beside, loseOf) }]
  })
  tellEdgeLosses(places, found, ingress)
  tellBesideGateways([...ingress, ...kubernetes], gateways, loseOf)
  return named(found, ingress)
}

const isBound = ({ spec, metadata }: Rule, { gateway, namespace }: GatewayPlace): boolean =>
  (namespace ?? metadata.namespace) === metadata.namespace &&
  (spec.gateways ?? []).some((name) => gatewayOf(name, metadata.namespace) === gateway)

const hostsOf = (places: readonly GatewayPlace[], rules: readonly Rule[], domain: string) => {
  const found = new Map<string, { readonly host: string; readonly port: number }>()
  for (const place of places)
    for (const rule of rules.filter((one) => isBound(one, place)))
      for (const own of rule.spec.hosts ?? []) {
        const host = bothHosts(place.host, fullHost(own, rule.metadata.namespace, domain))
        if (host !== undefined) found.set(`${place.port} ${host}`, { host, port: place.port })
      }
  return [...found.values()].sort((a, b) => a.port - b.port || byCodeUnit(a.host, b.host))
}

/** Of several rules the one with the more specific host is tried first, then the smaller key, up to what takes
 *  everything. */
const routesOf = (
  host: string,
  port: number,
  places: readonly GatewayPlace[],
  rules: readonly Rule[],
  beside: Beside,
  loseOf: (resource: Resource) => Lose,
): readonly HostRoute[] => {
  const here = places.filter((place) => place.port === port)
  const seen = new Set<Rule>()
  const routes = rules
    .flatMap((rule) =>
      (rule.spec.hosts ?? []).map((own) => ({
        rule,
        pattern: fullHost(own, rule.metadata.namespace, beside.domain),
        key: keyOf(nameOf(rule)),
      })),
    )
    .filter(({ pattern }) => covers(pattern, host))
    .sort((a, b) =>
      a.pattern === b.pattern ? byCodeUnit(a.key, b.key) : hostRank(b.pattern) - hostRank(a.pattern),
    )
    .flatMap(({ rule, pattern }) => {
      const bound = here.filter((one) => isBound(rule, one) && bothHosts(one.host, pattern) === host)
      if (bound.length === 0 || seen.has(rule)) return []
      seen.add(rule)
      const gateways = new Set(bound.map(({ gateway }) => gateway))
      return edgeRoutes(rule, { host, port, gateways }, beside, loseOf(rule)).map((route) => ({
        ...route,
        rule,
      }))
    })
  const last = routes.findIndex(({ takesAll }) => takesAll)
  return last === -1 ? routes : routes.slice(0, last + 1)
}

const named = (
  found: readonly HostRoutes[],
  ingress: readonly Resource<'IngressRule'>[],
): readonly Resource<'IngressRule'>[] => {
  const taken = new Set(ingress.map((rule) => keyOf(nameOf(rule))))
  const free = ({ name, namespace }: Rule['metadata']) => {
    let i = 0
    while (taken.has(keyOf({ kind: 'IngressRule', namespace, name: `${name}-${i}` }))) i += 1
    taken.add(keyOf({ kind: 'IngressRule', namespace, name: `${name}-${i}` }))
    return { name: `${name}-${i}`, namespace }
  }
  return found.flatMap(({ port, place: { secret }, routes }) =>
    routes.flatMap(({ rule, headers, to }, i): readonly Resource<'IngressRule'>[] =>
      typeof to !== 'object'
        ? []
        : [
            {
              apiVersion: 'config.istio.io/v1alpha2',
              kind: 'IngressRule',
              metadata: free(rule.metadata),
              spec: {
                ...to,
                ...(port === (secret === undefined ? defaultIngressPort : defaultTlsPort) ? {} : { port }),
                ...(secret === undefined ? {} : { tlsSecret: secret }),
                precedence: routes.length - i,
                ...(Object.keys(headers).length === 0 ? {} : { match: { request: { headers } } }),
              },
            },
          ],
    ),
  )
}
