import { type Json, mapAt, mapsAt, numberAt, textAt, textsAt } from '../../../explain/json.ts'
import { durationMs } from '../../../model/duration.ts'
import type { V1Names } from './v1Names.ts'
import { v1Url } from './v1Url.ts'

const types: Readonly<Record<string, string>> = {
  EDS: 'sds',
  STATIC: 'static',
  STRICT_DNS: 'strict_dns',
  LOGICAL_DNS: 'logical_dns',
  ORIGINAL_DST: 'original_dst',
}

const balances: Readonly<Record<string, string>> = {
  LEAST_REQUEST: 'least_request',
  RANDOM: 'random',
  RING_HASH: 'ring_hash',
  CLUSTER_PROVIDED: 'original_dst_lb',
}

/** The clusters of a proxy in the shape of 2017, sorted by name. Clusters of kinds that came later are left out. */
export const v1Clusters = (clusters: readonly Json[], names: V1Names): readonly Json[] =>
  clusters
    .flatMap((cluster) => {
      const type = typeOf(cluster)
      return type === undefined ? [] : [v1Cluster(cluster, type, names)]
    })
    .sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1))

/** The names of the clusters that are left out: what leads to them has no shape of 2017 either. */
export const laterClusters = (clusters: readonly Json[]): ReadonlySet<string> =>
  new Set(
    clusters
      .filter((cluster) => typeOf(cluster) === undefined)
      .map((cluster) => textAt(cluster, 'name') ?? ''),
  )

const typeOf = (cluster: Json): string | undefined =>
  mapAt(cluster, 'cluster_type') === undefined ? types[textAt(cluster, 'type') ?? 'STATIC'] : undefined

const v1Cluster = (cluster: Json, type: string, names: V1Names): Json => {
  const name = textAt(cluster, 'name') ?? ''
  const options = Object.values(mapAt(cluster, 'typed_extension_protocol_options') ?? {})[0] as
    | Json
    | undefined
  const http2 = mapAt(mapAt(options, 'explicit_http_config'), 'http2_protocol_options')
  const mostRequests = numberAt(mapAt(options, 'common_http_protocol_options'), 'max_requests_per_connection')
  const hosts = hostsOf(cluster)
  return {
    name: names.cluster(name),
    ...(type === 'sds' ? { service_name: names.key(name) ?? name } : {}),
    connect_timeout_ms: durationMs(textAt(cluster, 'connect_timeout') ?? '') ?? 5000,
    type,
    lb_type: balances[textAt(cluster, 'lb_policy') ?? ''] ?? 'round_robin',
    ...(mostRequests === undefined ? {} : { max_requests_per_connection: mostRequests }),
    ...(hosts.length === 0 || type === 'sds' ? {} : { hosts }),
    ...(isTls(cluster) ? { ssl_context: sslContextOf(cluster) } : {}),
    ...(http2 === undefined ? {} : { features: 'http2' }),
    ...circuitBreakers(cluster),
    ...outlierDetection(cluster),
  }
}

const hostsOf = (cluster: Json): readonly Json[] =>
  mapsAt(mapAt(cluster, 'load_assignment'), 'endpoints')
    .flatMap((group) => mapsAt(group, 'lb_endpoints'))
    .flatMap((one) => {
      const socket = mapAt(mapAt(mapAt(one, 'endpoint'), 'address'), 'socket_address')
      return socket === undefined ? [] : [{ url: v1Url(socket) }]
    })

// The PROXY protocol came later, and is around what was there before.
const socketOf = (cluster: Json): Json | undefined => {
  const outer = mapAt(cluster, 'transport_socket')
  return mapAt(mapAt(outer, 'typed_config'), 'transport_socket') ?? outer
}

const isTls = (cluster: Json): boolean => {
  const socket = socketOf(cluster)
  return socket !== undefined && textAt(socket, 'name') !== 'envoy.transport_sockets.raw_buffer'
}

// Files alone: secrets came later.
const sslContextOf = (cluster: Json): Json => {
  const common = mapAt(mapAt(socketOf(cluster), 'typed_config'), 'common_tls_context')
  const [certificate] = mapsAt(common, 'tls_certificates')
  const validation = mapAt(common, 'validation_context')
  const file = (json: Json | undefined, key: string) => textAt(mapAt(json, key), 'filename')
  const names = mapsAt(validation, 'match_typed_subject_alt_names').flatMap(
    (one) => textAt(mapAt(one, 'matcher'), 'exact') ?? [],
  )
  return compact({
    cert_chain_file: file(certificate, 'certificate_chain'),
    private_key_file: file(certificate, 'private_key'),
    ca_cert_file: file(validation, 'trusted_ca'),
    verify_subject_alt_name: names.length === 0 ? undefined : names,
  })
}

const circuitBreakers = (cluster: Json): Json => {
  const [limits] = mapsAt(mapAt(cluster, 'circuit_breakers'), 'thresholds')
  if (limits === undefined) return {}
  const of = (key: string) => numberAt(limits, key)
  return {
    circuit_breakers: {
      default: compact({
        max_connections: of('max_connections'),
        max_pending_requests: of('max_pending_requests'),
        max_requests: of('max_requests'),
        max_retries: of('max_retries'),
      }),
    },
  }
}

const outlierDetection = (cluster: Json): Json => {
  const found = mapAt(cluster, 'outlier_detection')
  if (found === undefined) return {}
  return {
    outlier_detection: compact({
      consecutive_5xx: numberAt(found, 'consecutive_5xx'),
      interval_ms: durationMs(textAt(found, 'interval') ?? ''),
      base_ejection_time_ms: durationMs(textAt(found, 'base_ejection_time') ?? ''),
      max_ejection_percent: numberAt(found, 'max_ejection_percent'),
    }),
  }
}

/** `json` without what is `undefined`. */
export const compact = (json: Readonly<Record<string, unknown>>): Json =>
  Object.fromEntries(Object.entries(json).filter(([, value]) => value !== undefined))

/** The names of what a split or a single cluster leads to, as 2017 named them. */
export const v1Target = (action: Json, names: V1Names): Json => {
  const single = textAt(action, 'cluster')
  if (single !== undefined) return { cluster: names.cluster(single) }
  return {
    weighted_clusters: {
      clusters: mapsAt(mapAt(action, 'weighted_clusters'), 'clusters').map((one) => ({
        name: names.cluster(textAt(one, 'name') ?? ''),
        weight: numberAt(one, 'weight') ?? 0,
      })),
    },
  }
}

/** The texts of a list, joined as 2017 wrote them. */
export const joined = (json: Json, key: string): string | undefined =>
  textsAt(json, key).join(',') || undefined
