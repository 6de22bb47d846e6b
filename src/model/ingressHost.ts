import type { IngressRuleSpec } from './ingressRule.ts'

/** Where a rule listens that names no port, and no secret. */
export const defaultIngressPort = 80
/** Where one with a secret does. */
export const defaultTlsPort = 443

/** The port at which callers find what a rule takes. */
export const ingressPort = ({ port, tlsSecret }: IngressRuleSpec): number =>
  port ?? (tlsSecret === undefined ? defaultIngressPort : defaultTlsPort)

/** Letters, digits and dots, perhaps behind one `*`; or an IPv6 address in brackets; perhaps with a port. */
const form = /^(\*[.-][a-z0-9_.-]+|[a-z0-9_][a-z0-9_.-]*|\[[0-9a-f:.]+\])(:\d{1,5})?$/

/** The host whose requests a rule may take, in lower case and without port, and whether that says all of the rule's
 *  authority. `*` stands for every host: a rule whose authority is no host's name (a prefix, a regex, none) is there,
 *  and its routes look at the authority themselves. */
export const ingressHost = ({
  match,
}: IngressRuleSpec): { readonly host: string; readonly whole: boolean } => {
  const authority = match?.request?.headers?.['authority']
  if (authority === undefined) return { host: '*', whole: true }
  const [, host, port] = form.exec(authority.exact?.toLowerCase() ?? '') ?? []
  if (host === undefined || (host.startsWith('*') && port !== undefined)) return { host: '*', whole: false }
  return { host, whole: port === undefined }
}

/** The authorities that mean `host` on a listener that callers reach at `ports`: with any port, where Envoy has a
 *  way to say so. */
export const ingressDomains = (host: string, ports: readonly number[]): readonly string[] => {
  if (host === '*') return ['*']
  const numbered = [...new Set(ports)].map((port) => `${host}:${port}`)
  return host.startsWith('*') ? [host, ...numbered] : [host, ...numbered, `${host}:*`]
}
