import { type Json, mapAt, mapsAt, textAt } from '../../../explain/json.ts'
import { compact, v1Target } from './v1Clusters.ts'
import type { V1Names } from './v1Names.ts'
import { v1RouteTable } from './v1RouteTable.ts'
import { v1Url } from './v1Url.ts'

const filters = 'type.googleapis.com/envoy.extensions.filters.network'

/** The listeners of a proxy in the shape of 2017, sorted by address: of several filter chains the first, with the HTTP
 *  and TCP filters that 2017 had, but for those that lead to clusters that it `lacks`. */
export const v1Listeners = (
  listeners: readonly Json[],
  names: V1Names,
  lacks: ReadonlySet<string>,
): readonly Json[] =>
  listeners
    .map((listener) => v1Listener(listener, names, lacks))
    .sort((a, b) => (String(a['address']) < String(b['address']) ? -1 : 1))

const v1Listener = (listener: Json, names: V1Names, lacks: ReadonlySet<string>): Json => {
  const pipe = textAt(mapAt(mapAt(listener, 'address'), 'pipe'), 'path')
  const socket = mapAt(mapAt(listener, 'address'), 'socket_address')
  const [chain] = mapsAt(listener, 'filter_chains')
  return compact({
    address: pipe === undefined ? v1Url(socket) : `unix://${pipe}`,
    name: textAt(listener, 'name'),
    filters: mapsAt(chain, 'filters').flatMap((filter) => v1Filter(filter, names, lacks) ?? []),
    ssl_context: mapAt(chain, 'transport_socket') && {},
    bind_to_port: listener['bind_to_port'] !== false,
    use_original_dst: listener['use_original_dst'] === true || undefined,
  })
}

const v1Filter = (filter: Json, names: V1Names, lacks: ReadonlySet<string>): Json | undefined => {
  const config = mapAt(filter, 'typed_config') ?? {}
  switch (config['@type']) {
    case `${filters}.http_connection_manager.v3.HttpConnectionManager`:
      return { type: 'read', name: 'http_connection_manager', config: v1Manager(config, names, lacks) }
    case `${filters}.tcp_proxy.v3.TcpProxy`:
      return lacks.has(firstCluster(config))
        ? undefined
        : { type: 'read', name: 'tcp_proxy', config: v1TcpProxy(config, names) }
    case `${filters}.mongo_proxy.v3.MongoProxy`:
      return { type: 'both', name: 'mongo_proxy', config: { stat_prefix: textAt(config, 'stat_prefix') } }
    default:
      return undefined
  }
}

// What is routed by a split has its first cluster: a TCP route of 2017 has one.
const v1TcpProxy = (config: Json, names: V1Names): Json => ({
  stat_prefix: 'tcp',
  route_config: { routes: [v1Target({ cluster: firstCluster(config) }, names)] },
})

const firstCluster = (config: Json): string => {
  const [first] = mapsAt(mapAt(config, 'weighted_clusters'), 'clusters')
  return textAt(config, 'cluster') ?? textAt(first, 'name') ?? ''
}

const v1Manager = (manager: Json, names: V1Names, lacks: ReadonlySet<string>): Json => {
  const name = textAt(mapAt(manager, 'rds'), 'route_config_name')
  const inline = mapAt(manager, 'route_config')
  return compact({
    codec_type: 'auto',
    stat_prefix: 'http',
    generate_request_id: manager['generate_request_id'] === true || undefined,
    use_remote_address: manager['use_remote_address'] === true || undefined,
    rds: name === undefined ? undefined : { cluster: 'rds', route_config_name: name, refresh_delay_ms: 1000 },
    route_config: inline && v1RouteTable(inline, names, lacks),
    filters: [{ type: 'decoder', name: 'router', config: {} }],
    access_log: accessLogOf(manager),
  })
}

const accessLogOf = (manager: Json): readonly Json[] | undefined => {
  const paths = mapsAt(manager, 'access_log').map((log) => {
    const config = mapAt(log, 'typed_config')
    return (
      textAt(config, 'path') ?? (/Stdout/.test(textAt(config, '@type') ?? '') ? '/dev/stdout' : undefined)
    )
  })
  const known = paths.filter((path) => path !== undefined)
  return known.length === 0 ? undefined : known.map((path) => ({ path }))
}
