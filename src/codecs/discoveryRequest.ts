import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { parseNodeId } from './nodeId.ts'
import { parseProxyMetadata } from './proxyMetadata.ts'
import { readDocuments } from './readDocuments.ts'
import { isMap } from './shapes/struct.ts'

/** What an Envoy asks over REST: envoy.service.discovery.v3.DiscoveryRequest, as far as it is looked at. */
export type DiscoveryQuestion = {
  readonly proxy: ProxyIdentity
  readonly metadata: ProxyMetadata
  /** As it was answered last; '' the first time. */
  readonly version: string
  /** None: all. */
  readonly names: readonly string[]
  readonly typeUrl: string | undefined
  /** The cluster by which the Envoy reaches this server, where its metadata says so. */
  readonly restCluster: string | undefined
}

/** Reads the JSON of a DiscoveryRequest, in snake_case or lowerCamelCase; what else an Envoy says of itself is passed
 *  over. Left: a sentence that says what is wrong. */
export const readDiscoveryRequest = (body: string | Uint8Array): Either<string, DiscoveryQuestion> => {
  const documents = readDocuments(body, { format: 'json' })
  if (isLeft(documents)) return left(documents.left.problems[0]?.message ?? 'The body is no JSON.')
  const request = documents.right[0]?.root.value
  if (!isMap(request) || documents.right.length > 1) return left('The body is no DiscoveryRequest.')
  const node = request['node']
  if (!isMap(node) || typeof node['id'] !== 'string') return left('node.id is missing.')
  const proxy = parseNodeId(node['id'])
  if (isLeft(proxy)) return left(proxy.left)
  const names = request['resource_names'] ?? request['resourceNames'] ?? []
  if (!Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    return left('resource_names is no list of texts.')
  const version = request['version_info'] ?? request['versionInfo'] ?? ''
  const typeUrl = request['type_url'] ?? request['typeUrl']
  if (typeof version !== 'string' || (typeUrl !== undefined && typeof typeUrl !== 'string'))
    return left('version_info and type_url are texts.')
  const metadata = node['metadata']
  const restCluster = isMap(metadata) ? metadata['rutter.dev/rest-cluster'] : undefined
  return right({
    proxy: proxy.right,
    metadata: parseProxyMetadata(metadata).metadata,
    version,
    names,
    typeUrl,
    restCluster: typeof restCluster === 'string' && restCluster !== '' ? restCluster : undefined,
  })
}
