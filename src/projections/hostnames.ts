import type { Resource } from '../model/resource.ts'
import type { IstioService } from '../model/routeRule.ts'

/** The name callers use: `spec.hostname`, else `<name>.<namespace>.svc.<meshDomain>`. */
export const serviceHostname = (service: Resource<'Service'>, meshDomain: string): string =>
  service.spec.hostname ?? `${service.metadata.name}.${service.metadata.namespace}.svc.${meshDomain}`

/** The hostname that a rule in `ruleNamespace` means: `service` wins outright, else `name.namespace.domain`
 *  (domain `svc.<meshDomain>` when absent); '' when it names nothing. */
export const resolveDestination = (
  destination: IstioService,
  ruleNamespace: string,
  meshDomain: string,
): string => {
  if (destination.service !== undefined && destination.service !== '') return destination.service
  if (destination.name === undefined || destination.name === '') return ''
  return [
    destination.name,
    destination.namespace || ruleNamespace,
    destination.domain || `svc.${meshDomain}`,
  ].join('.')
}

/** The names by which a proxy of `proxyDomain` may call `hostname`, shortest first, the full name last: what the
 *  two do not share at the end, then one shared label more at a time. A hostname that lies wholly within the
 *  domain, shares nothing with it, or begins with `*`, has only its full name. */
export const shortForms = (hostname: string, proxyDomain: string): readonly string[] => {
  if (hostname.startsWith('*')) return [hostname]
  const labels = hostname.split('.')
  const own = labels.length - sharedLabels(labels, proxyDomain.split('.'))
  if (own === 0) return [hostname]
  return labels.slice(own - 1).map((_, shared) => labels.slice(0, own + shared).join('.'))
}

const sharedLabels = (labels: readonly string[], domain: readonly string[]): number => {
  let shared = 0
  while (shared < Math.min(labels.length, domain.length) && labels.at(-1 - shared) === domain.at(-1 - shared))
    shared += 1
  return shared
}

/** The authorities that mean `hostname` on `port`, each once: of every short form and of the virtual IPs (IPv6 in
 *  brackets) `host:port`, then the bare `host`; behind an explicit proxy, which serves all ports, bare only for
 *  port 80. */
export const domainsOf = (
  hostname: string,
  addresses: readonly string[],
  port: number,
  proxyDomain: string,
  mode: 'captured' | 'proxy',
): readonly string[] => {
  const hosts = [...shortForms(hostname, proxyDomain), ...addresses.map(bracketed)]
  const bare = mode === 'captured' || port === 80
  return [...new Set(hosts.flatMap((host) => (bare ? [`${host}:${port}`, host] : [`${host}:${port}`])))]
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address)
