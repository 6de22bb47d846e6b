import type { ProxyMetadata } from './proxy.ts'

/** The addresses of a proxy's workload, each once, that of its node id first. */
export const proxyIps = (
  { ip }: { readonly ip: string },
  { ips = [] }: Pick<ProxyMetadata, 'ips'>,
): readonly [string, ...string[]] => [ip, ...new Set(ips.filter((one) => one !== ip))]

/** Whether a proxy's machine is known to have IPv6: where it has none, Envoy refuses every listener at an address of IPv6,
 *  bound or not. */
export const hasIpv6 = (proxy: { readonly ip: string }, metadata: Pick<ProxyMetadata, 'ips'>): boolean =>
  proxyIps(proxy, metadata).some((ip) => ip.includes(':'))
