import type { ProxyMetadata } from './proxy.ts'

/** Equal for metadata that mean the same to Rutter. */
export const metadataKey = ({ httpProxy, labels, ips }: ProxyMetadata): string =>
  JSON.stringify([httpProxy, labels, ips])
