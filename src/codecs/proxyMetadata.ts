import type { ProxyMetadata } from '../model/proxy.ts'
import { canonicalIp, ipVersion, isCallable } from './ipAddress.ts'
import { isMap } from './shapes/struct.ts'

/** What Rutter understands of an Envoy's node metadata, and a sentence for each part that it does not
 *  (contract §3). An Envoy is not turned away for its metadata: what is wrong counts as absent. */
export const parseProxyMetadata = (
  metadata: unknown,
): { readonly metadata: ProxyMetadata; readonly problems: readonly string[] } => {
  if (metadata === undefined || metadata === null) return { metadata: {}, problems: [] }
  if (!isMap(metadata)) return { metadata: {}, problems: ['The node metadata is no map.'] }
  const problems: string[] = []
  const httpProxy = httpProxyOf(metadata['rutter.dev/http-proxy'], problems)
  const labels = labelsOf(metadata['rutter.dev/labels'], problems)
  const ips = ipsOf(metadata['rutter.dev/ips'], problems)
  return {
    metadata: { ...(httpProxy && { httpProxy }), ...(labels && { labels }), ...(ips && { ips }) },
    problems,
  }
}

const httpProxyOf = (value: unknown, problems: string[]): ProxyMetadata['httpProxy'] => {
  if (value === undefined) return undefined
  const found = typeof value === 'string' ? /^(?:\[([^[\]]+)\]|([^:]+)):([1-9]\d{0,4})$/.exec(value) : null
  const address = found?.[1] ?? found?.[2] ?? ''
  const port = Number(found?.[3] ?? 0)
  if (ipVersion(address) !== undefined && port <= 65_535) return { address, port }
  problems.push('rutter.dev/http-proxy is no text such as "127.0.1.1:15002".')
  return undefined
}

const ipsOf = (value: unknown, problems: string[]): ProxyMetadata['ips'] => {
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every((ip) => typeof ip === 'string' && isCallable(ip)))
    return value.map(canonicalIp)
  problems.push('rutter.dev/ips is no list of IP addresses such as ["10.1.0.7", "fd00::7"].')
  return undefined
}

const labelsOf = (value: unknown, problems: string[]): ProxyMetadata['labels'] => {
  if (value === undefined) return undefined
  if (!isMap(value)) {
    problems.push('rutter.dev/labels is no map of texts.')
    return undefined
  }
  const labels: Record<string, string> = Object.create(null)
  for (const [key, one] of Object.entries(value)) {
    if (typeof one === 'string') labels[key] = one
    else problems.push(`The label ${key} in rutter.dev/labels is no text.`)
  }
  return labels
}
