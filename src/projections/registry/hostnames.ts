import type { Resource } from '../../model/resource.ts'
import type { IstioService } from '../../model/routeRule.ts'

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
  const forms: string[] = []
  // Asked for every service of every view: texts are cut, not taken apart.
  if (!hostname.startsWith('*'))
    for (let dot = sharedFrom(hostname, proxyDomain); dot !== -1; dot = hostname.indexOf('.', dot + 1))
      forms.push(hostname.slice(0, dot))
  forms.push(hostname)
  return forms
}

/** The dot behind which `hostname` and `domain` have their labels in common; -1 where they share none, or the domain
 *  holds all of it. */
const sharedFrom = (hostname: string, domain: string): number => {
  let [at, other] = [hostname.length, domain.length]
  while (at > 0 && other > 0 && hostname.charCodeAt(at - 1) === domain.charCodeAt(other - 1)) {
    at -= 1
    other -= 1
  }
  if (other === 0 && hostname[at - 1] === '.') return at - 1
  if (at === 0 && (other === 0 || domain[other - 1] === '.')) return -1
  return hostname.indexOf('.', at)
}

/** The hosts by which a proxy of `proxyDomain` may call a service, each once: every short form of its name, then its
 *  virtual IPs. */
export const hostsOf = (
  { hostname, addresses }: { readonly hostname: string; readonly addresses: readonly string[] },
  proxyDomain: string,
): readonly string[] => {
  const forms = shortForms(hostname, proxyDomain)
  return [...forms, ...addresses.filter((address) => !forms.includes(address))]
}

/** The authorities that mean `hosts` on `port`: of each (IPv6 in brackets) `host:port`, then the bare `host`; behind an
 *  explicit proxy, which serves all ports, bare only for port 80. */
export const domainsOf = (
  hosts: readonly string[],
  port: number,
  mode: 'captured' | 'proxy',
): readonly string[] => {
  const bare = mode === 'captured' || port === 80
  const domains: string[] = []
  for (const host of hosts) {
    const authority = bracketed(host)
    domains.push(`${authority}:${port}`)
    if (bare) domains.push(authority)
  }
  return domains
}

const bracketed = (address: string): string => (address.includes(':') ? `[${address}]` : address)
