import type { seen } from '../projections/istio/following.ts'

// biome-ignore lint/suspicious/noExplicitAny: Envoy's JSON, of which little is read.
type Json = any

/** What a proxy has, a line each: clusters with their limits and TLS, listeners with where they lead, routes. */
export const relationsOf = (world: ReturnType<typeof seen>, node: string): string =>
  [
    node,
    ...world.names('clusters').map((name) => clusterLine(name, world.json('clusters', name))),
    ...world.names('listeners').map((name) => listenerLine(name, world.json('listeners', name))),
    ...world.names('routes').flatMap((name) => routeLines(name, world.json('routes', name))),
    ...world.names('secrets').map((name) => `  secret ${name}`),
    '',
  ].join('\n')

const clusterLine = (name: string, json: Json): string => {
  const [limits] = json.circuit_breakers?.thresholds ?? []
  const { priority: _, ...counts } = limits ?? {}
  return [
    `  cluster ${name} ${json.type}`,
    ...((json.lb_policy ?? 'ROUND_ROBIN') === 'ROUND_ROBIN' ? [] : [json.lb_policy]),
    ...(limits === undefined ? [] : [`limits ${JSON.stringify(counts)}`]),
    ...(json.outlier_detection === undefined ? [] : [`outliers ${JSON.stringify(json.outlier_detection)}`]),
    ...tlsOf(json.transport_socket),
  ].join(' ')
}

const tlsOf = (socket: Json): readonly string[] => {
  if (socket === undefined) return []
  const names = [...JSON.stringify(socket).matchAll(/"exact":"([^"]*)"/g)].map(([, name]) => name)
  const asks = socket.typed_config.require_client_certificate === true ? ' of both' : ''
  return [`tls${asks}${names.length > 0 ? ` ${names.join(',')}` : ''}`]
}

const listenerLine = (name: string, json: Json): string =>
  [
    `  listener ${name}`,
    ...(json.bind_to_port === false ? ['captured'] : []),
    ...[...(json.filter_chains ?? []), ...(json.default_filter_chain ? [json.default_filter_chain] : [])].map(
      (chain: Json) => `[${[...tlsOf(chain.transport_socket), ...chain.filters.map(filterText)].join(' ')}]`,
    ),
  ].join(' ')

const filterText = ({ name, typed_config: config }: Json): string => {
  if (config.rds !== undefined) return `routes ${config.rds.route_config_name}`
  if (config.route_config !== undefined) return `requests to ${config.route_config.name}`
  if (config.weighted_clusters !== undefined) return weights(config.weighted_clusters.clusters)
  return config.cluster ?? name.split('.').at(-1)
}

const weights = (clusters: readonly Json[]): string =>
  clusters.map((one) => `${one.name}=${one.weight ?? 0}`).join(' ')

/** The first, and how many there are. */
const domainsText = ([first, ...others]: readonly string[]): string =>
  others.length === 0 ? `${first}` : `${first} and ${others.length} more`

const routeLines = (name: string, json: Json): readonly string[] =>
  (json.virtual_hosts ?? []).flatMap((host: Json) => [
    `  routes ${name} ${host.name}: ${domainsText(host.domains)}`,
    ...host.routes.map(
      (route: Json) => `    ${route.name} ${JSON.stringify(route.match)} ${actionText(route)}`,
    ),
  ])

const actionText = ({
  route,
  redirect,
  direct_response,
  typed_per_filter_config,
  request_headers_to_add,
}: Json): string => {
  if (route === undefined) return JSON.stringify(redirect ?? direct_response)
  const { cluster, weighted_clusters, ...more } = route
  return [
    cluster ?? weights(weighted_clusters.clusters),
    JSON.stringify({ ...more, ...typed_per_filter_config, request_headers_to_add }),
  ].join(' ')
}
