import type { ProxyMetadata } from './proxy.ts'

/** The addresses of a proxy's workload, each once, that of its node id first. */
export const proxyIps = (
  { ip }: { readonly ip: string },
  { ips = [] }: Pick<ProxyMetadata, 'ips'>,
): readonly [string, ...string[]] => [ip, ...new Set(ips.filter((one) => one !== ip))]

/** Whether a proxy's machine is known to have IPv6: an Envoy ends where it is to listen on what its machine has not. */
export const hasIpv6 = (proxy: { readonly ip: string }, metadata: Pick<ProxyMetadata, 'ips'>): boolean =>
  proxyIps(proxy, metadata).some((ip) => ip.includes(':'))
