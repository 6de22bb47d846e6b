import type { ProxyIdentity } from '../model/proxy.ts'
import { type Json, mapAt, mapsAt, numberAt, setOf, textAt } from './json.ts'
import type { SentRequest } from './sentRequest.ts'

/** The listener of a proxy that gets the request, or why there is none. A sidecar's are those for what its workload
 *  sends: the explicit HTTP proxy, else what is captured, by address or, where a name stands for an address that is not
 *  known here, by the name in the cluster behind it. Every other proxy is reached at what it has bound, and so is a
 *  sidecar at an address of its own. */
export const findListener = (
  listeners: readonly Json[],
  proxy: ProxyIdentity,
  request: SentRequest,
): Json | string => {
  const bound = listeners.filter((one) => one['bind_to_port'] !== false && one['use_original_dst'] !== true)
  const exact = bound.find(
    (one) => placeOf(one).address === request.host && placeOf(one).port === request.port,
  )
  if (exact !== undefined) return exact
  return proxy.type === 'sidecar'
    ? outbound(listeners, proxy.domain, request)
    : (atPort(bound, request) ?? `none is bound for port ${request.port}: there is ${namesOf(bound)}`)
}

const outbound = (listeners: readonly Json[], domain: string, request: SentRequest): Json | string => {
  const explicit = listeners.find((one) => textAt(one, 'name') === explicitProxy)
  if (explicit !== undefined) return explicit
  const captured = listeners.filter(
    (one) =>
      one['bind_to_port'] === false &&
      textAt(one, 'traffic_direction') !== 'INBOUND' &&
      placeOf(one).port === request.port,
  )
  return (
    captured.find((one) => placeOf(one).address === request.host) ??
    captured.find(
      (one) => !isWildcard(one) && hostsBehind(one).some((host) => isShortFor(request.host, host, domain)),
    ) ??
    captured.find(isWildcard) ??
    listeners.find(
      (one) => one['use_original_dst'] === true && textAt(one, 'traffic_direction') === 'OUTBOUND',
    ) ??
    `nothing that goes to port ${request.port} is captured: there is ${namesOf(listeners)}`
  )
}

// Contract §4.
const explicitProxy = 'http_proxy'

const atPort = (bound: readonly Json[], { port }: SentRequest): Json | undefined =>
  bound.find((one) => isWildcard(one) && placeOf(one).port === port) ??
  // An ingress may stand elsewhere than at the port that its rules mean (`rutter.dev/http-proxy`).
  bound.find((one) => textAt(one, 'name') === `0.0.0.0_${port}`) ??
  bound.find((one) => placeOf(one).port === port)

const placeOf = (
  listener: Json,
): { readonly address: string | undefined; readonly port: number | undefined } => {
  const socket = mapAt(mapAt(listener, 'address'), 'socket_address')
  return { address: textAt(socket, 'address'), port: numberAt(socket, 'port_value') }
}

const isWildcard = (listener: Json): boolean => {
  const { address } = placeOf(listener)
  return address === '0.0.0.0' || address === '::'
}

/** The hostnames of the services to whose clusters a listener's connections go. */
const hostsBehind = (listener: Json): readonly string[] =>
  mapsAt(listener, 'filter_chains')
    .flatMap((chain) => mapsAt(chain, 'filters'))
    .map((filter) => textAt(mapAt(filter, 'typed_config'), 'cluster')?.split('|')[3])
    .filter((host) => host !== undefined)

/** True where `name`, called from within `domain`, means `hostname`. */
const isShortFor = (name: string, hostname: string, domain: string): boolean => {
  if (name === hostname) return true
  const labels = domain.split('.')
  return labels.some((_, i) => hostname === `${name}.${labels.slice(i).join('.')}`)
}

const namesOf = (listeners: readonly Json[]): string =>
  listeners.map((one) => textAt(one, 'name') ?? '').join(', ') || 'none'

/** The oneof of a listener that is no socket, such as `api_listener`; absent where it is one. */
export const unusualListener = (listener: Json): string | undefined =>
  setOf(listener, [
    'api_listener',
    'internal_listener',
    'udp_listener_config',
    'filter_chain_matcher',
  ] as const)
