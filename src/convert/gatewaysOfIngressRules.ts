import { defaultIngressPort, defaultTlsPort, ingressHost, ingressPort } from '../model/ingressHost.ts'
import { byIngressRank, type IngressRank } from '../model/ingressRank.ts'
import type { GatewayServer } from '../model/istio/gateway.ts'
import type { HttpMatchRequest, IstioHttpRoute } from '../model/istio/virtualService.ts'
import type { Resource } from '../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import type { ServicePort } from '../model/service.ts'
import type { Lose } from './loss.ts'
import { hostOf } from './ruleHost.ts'

type Rule = Resource<'IngressRule'>

/** What else is known of destinations. */
export type Beside = {
  /** The ports of a service; `undefined` for one that is not among the documents. */
  readonly portsOf: (host: string) => readonly ServicePort[] | undefined
  /** True for a destination with rules of its own. */
  readonly hasRules: (host: string) => boolean
  readonly domain: string
}

/** What a host has on a port, in the order in which it is tried. */
type HostRoutes = { readonly routes: IstioHttpRoute[]; readonly rules: Rule[]; secret?: string }

/** IngressRules as a Gateway for each of their ports, over TLS where one of them has a secret, and a VirtualService for
 *  each host there, its routes in the order in which the rules are tried. `ingressNamespace` is that of the proxies,
 *  whose secrets Gateways show. */
export const gatewaysOfIngressRules = (
  rules: readonly Rule[],
  beside: Beside,
  ingressNamespace: string | undefined,
  loseOf: (rule: Rule) => Lose,
): readonly Resource[] => {
  const ports = new Map<number, Map<string, HostRoutes>>()
  for (const rule of [...rules].sort(byOrder)) {
    const lose = loseOf(rule)
    const refusal = notSaid(rule, ingressNamespace)
    const route = refusal === undefined ? routeOf(rule, beside, lose) : lose(...refusal)
    if (route === undefined) continue
    const its = at(ports, ingressPort(rule.spec), ingressHost(rule.spec).host)
    its.routes.push(route)
    its.rules.push(rule)
    const { tlsSecret } = rule.spec
    if (tlsSecret !== undefined) its.secret ??= secretName(tlsSecret)[0]
  }
  for (const hosts of ports.values()) if (isSecured(hosts)) dropPlain(hosts, loseOf)
  sendToTls(ports)
  const all = [...ports.values()].flatMap((hosts) => [...hosts.values()].flatMap((one) => one.rules))
  const namespace = all.sort(byKey)[0]?.metadata.namespace ?? 'default'
  return [...ports].flatMap(([port, hosts]) => documents(port, hosts, namespace))
}

const at = (ports: Map<number, Map<string, HostRoutes>>, port: number, host: string): HostRoutes => {
  const hosts = ports.get(port) ?? new Map<string, HostRoutes>()
  ports.set(port, hosts)
  const its = hosts.get(host) ?? { routes: [], rules: [] }
  hosts.set(host, its)
  return its
}

/** Name and namespace of a secret that 2017 names `name.namespace`. */
const secretName = (text: string): readonly [string, string] => {
  const dot = text.lastIndexOf('.')
  return [text.slice(0, dot), text.slice(dot + 1)]
}

const isSecured = (hosts: ReadonlyMap<string, HostRoutes>): boolean =>
  [...hosts.values()].some(({ secret }) => secret !== undefined)

const dropPlain = (hosts: Map<string, HostRoutes>, loseOf: (rule: Rule) => Lose): void => {
  for (const [host, { secret, rules }] of hosts) {
    if (secret !== undefined) continue
    for (const rule of rules)
      loseOf(rule)('/spec', 'its port is over TLS, and its host has no certificate: the document is left out')
    hosts.delete(host)
  }
}

/** What rules take over TLS is sent there from port 80, behind what its host has there in plain text. */
const sendToTls = (ports: Map<number, Map<string, HostRoutes>>): void => {
  if (isSecured(ports.get(defaultIngressPort) ?? new Map())) return
  for (const [port, hosts] of [...ports])
    for (const [host, { secret, routes }] of hosts) {
      if (secret === undefined) continue
      const plain = at(ports, defaultIngressPort, host)
      if (plain.routes.some(({ match }) => match === undefined)) continue
      plain.routes.push(
        ...routes.map(({ name, match }) => ({
          ...(name === undefined ? {} : { name: `${name}-to-tls` }),
          ...(match && { match }),
          redirect: { scheme: 'https', ...(port === defaultTlsPort ? {} : { port }) },
        })),
      )
    }
}

const documents = (
  port: number,
  hosts: ReadonlyMap<string, HostRoutes>,
  namespace: string,
): readonly Resource[] => {
  const name = `ingress-${port}`
  return [
    { apiVersion, kind: 'Gateway', metadata: { name, namespace }, spec: { servers: serversOf(port, hosts) } },
    ...[...hosts].map(
      ([host, { routes }]): Resource<'VirtualService'> => ({
        apiVersion,
        kind: 'VirtualService',
        metadata: { name: `${name}-${host.replaceAll('*', 'all')}`, namespace },
        spec: {
          hosts: [host],
          gateways: [`${namespace}/${name}`],
          http: [...routes, ...otherwise(host, hosts)],
        },
      }),
    ),
  ]
}

const serversOf = (port: number, hosts: ReadonlyMap<string, HostRoutes>): readonly GatewayServer[] => {
  if (!isSecured(hosts))
    return [{ port: { number: port, name: `http-${port}`, protocol: 'HTTP' }, hosts: ['*'] }]
  const secrets = [...new Set([...hosts.values()].flatMap(({ secret }) => secret ?? []))].sort(byCodeUnit)
  return secrets.map((credentialName) => ({
    port: { number: port, name: `https-${credentialName}`, protocol: 'HTTPS' },
    hosts: [...hosts].flatMap(([host, { secret }]) => (secret === credentialName ? [host] : [])),
    tls: { mode: 'SIMPLE', credentialName },
  }))
}

const apiVersion = 'networking.istio.io/v1'

/** What no rule of 2017 takes falls through to no wider host; what no route of Istio takes does. */
const otherwise = (host: string, hosts: ReadonlyMap<string, unknown>): readonly IstioHttpRoute[] =>
  [...hosts.keys()].some(
    (other) => other !== host && (other === '*' || (other.startsWith('*') && host.endsWith(other.slice(1)))),
  )
    ? [{ name: 'none', directResponse: { status: 404 } }]
    : []

const notSaid = (
  { spec }: Rule,
  ingressNamespace: string | undefined,
): readonly [string, string] | undefined => {
  if (spec.tlsSecret !== undefined && secretName(spec.tlsSecret)[1] !== ingressNamespace)
    return [
      '/spec/tlsSecret',
      ingressNamespace === undefined
        ? 'a Gateway shows secrets of the namespace of its proxies, which no document tells (--ingress-namespace): the document is left out'
        : `a Gateway shows secrets of the namespace of its proxies, ${ingressNamespace}: the document is left out`,
    ]
  for (const key of ['source', 'tcp', 'udp'] as const)
    if (spec.match?.[key] !== undefined)
      return [
        `/spec/match/${key}`,
        'nothing from outside meets it: the document, which takes nothing, is left out',
      ]
  const { host } = ingressHost(spec)
  return host.startsWith('[') || host.startsWith('*-')
    ? ['/spec/match/request/headers/authority', 'a VirtualService has no such host: the document is left out']
    : undefined
}

const routeOf = (
  { metadata, spec }: Rule,
  { portsOf, hasRules, domain }: Beside,
  lose: Lose,
): IstioHttpRoute | undefined => {
  const host = hostOf(spec.destination, metadata.namespace, domain)
  if (hasRules(host))
    lose('/spec/destination', 'its own rules hold behind an IngressRule, and not behind a Gateway')
  const ports = portsOf(host)
  const { destinationPort, destinationPortName } = spec
  const found = ports?.filter(
    ({ name, port }) =>
      (destinationPort === undefined || port === destinationPort) &&
      (destinationPortName === undefined || name === destinationPortName),
  )
  const number = found?.length === 1 ? found[0]?.port : ports === undefined ? destinationPort : undefined
  if (number === undefined) {
    lose(
      '/spec/destination',
      'no Service among these documents tells which port is meant: the document is left out',
    )
    return undefined
  }
  const match = matchOf(spec)
  return {
    name: metadata.name,
    ...(Object.keys(match).length === 0 ? {} : { match: [match] }),
    route: [{ destination: { host, port: { number } } }],
    // Defaults of 2017, written out.
    timeout: '15s',
    retries: { attempts: 0 },
  }
}

const matchOf = (spec: Rule['spec']): HttpMatchRequest => {
  const { uri, method, authority, scheme, ...headers } = spec.match?.request?.headers ?? {}
  return {
    ...(uri && { uri }),
    ...(method && { method }),
    ...(authority && !ingressHost(spec).whole && { authority }),
    ...(scheme && { scheme }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  }
}

const byKey = (a: Rule, b: Rule): number => byCodeUnit(keyOf(nameOf(a)), keyOf(nameOf(b)))

const byOrder = (a: Rule, b: Rule): number => byIngressRank(rankOf(a), rankOf(b))

const rankOf = (rule: Rule): IngressRank => {
  const { uri = { prefix: '/' }, headers = {}, ...more } = matchOf(rule.spec)
  return {
    precedence: rule.spec.precedence ?? 0,
    path: uri.exact !== undefined ? 'exact' : uri.prefix === undefined ? 'regex' : 'prefix',
    length: (uri.exact ?? uri.prefix ?? uri.regex ?? '').length,
    conditions: Object.keys(headers).length + Object.keys(more).length,
    key: keyOf(nameOf(rule)),
  }
}
