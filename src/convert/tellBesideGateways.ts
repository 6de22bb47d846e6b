import { isOwnClass } from '../model/ingressClass.ts'
import { defaultIngressPort, defaultTlsPort, ingressHost, ingressPort } from '../model/ingressHost.ts'
import type { Resource } from '../model/resource.ts'
import type { Lose } from './loss.ts'

/** Rules of ingress of either form. */
type EdgeRule = Resource<'IngressRule'> | Resource<'Ingress'>

/** Tells that `rules`, which take what Gateways leave on their ports, do so no more once all are of one dialect. */
export const tellBesideGateways = (
  rules: readonly EdgeRule[],
  gateways: readonly Resource<'Gateway'>[],
  loseOf: (rule: Resource) => Lose,
): void => {
  const ports = new Set(gateways.flatMap(({ spec }) => spec.servers.map(({ port }) => port.number)))
  for (const rule of rules)
    if (placesOf(rule).some(({ port }) => ports.has(port)))
      loseOf(rule)('', 'a Gateway among these documents is on its port, and goes before it; that ends')
}

/** Tells of Ingresses, which stay as they are, that what `rules` become goes before them at their hosts. */
export const tellBesideIngresses = (
  ingresses: readonly Resource<'Ingress'>[],
  rules: readonly Resource<'IngressRule'>[],
  loseOf: (rule: Resource) => Lose,
): void => {
  const taken = new Set(rules.flatMap(placesOf).map(textOf))
  for (const one of ingresses)
    if (placesOf(one).some((place) => taken.has(textOf(place))))
      loseOf(one)('', 'it stays as it is, and Gateways, which IngressRules become, go before it at its hosts')
}

type Place = { readonly host: string; readonly port: number }

const textOf = ({ host, port }: Place): string => `${port} ${host}`

/** Hosts and ports at which `rule` takes requests, or sends them to TLS. */
const placesOf = (rule: EdgeRule): readonly Place[] => {
  if (rule.kind === 'IngressRule') {
    const { spec } = rule as Resource<'IngressRule'>
    const { host } = ingressHost(spec)
    const sentFrom = spec.tlsSecret === undefined ? [] : [{ host, port: defaultIngressPort }]
    return [{ host, port: ingressPort(spec) }, ...sentFrom]
  }
  const { spec } = rule as Resource<'Ingress'>
  if (!isOwnClass(rule as Resource<'Ingress'>)) return []
  const hosts = (spec.rules ?? []).map(({ host = '*' }) => host)
  return [...hosts, ...(spec.defaultBackend === undefined ? [] : ['*'])].flatMap((host) => [
    { host, port: defaultIngressPort },
    ...(spec.tls === undefined ? [] : [{ host, port: defaultTlsPort }]),
  ])
}
