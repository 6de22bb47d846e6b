import type { ProxyIdentity } from '../model/proxy.ts'
import { type Json, mapAt, mapsAt, setOf, textAt } from './json.ts'
import { isOfFamily, isWildcard, placeOf, socketOf } from './placeOf.ts'
import { ruleNameOf } from './ruleNameOf.ts'
import type { SentRequest } from './sentRequest.ts'

/** The listener of a proxy that gets the request, or why there is none. A sidecar's are those for what its workload
 *  sends: the explicit HTTP proxy, else what is captured, by address or, where a name stands for an address that is not
 *  known here, by the name in the cluster behind it; and what it has bound itself. Every other proxy is reached at what it has bound, and so is a
 *  sidecar at an address of its own, where what comes in is captured too. */
export const findListener = (
  listeners: readonly Json[],
  proxy: ProxyIdentity,
  request: SentRequest,
): Json | string => {
  const bound = listeners.filter((one) => one['bind_to_port'] !== false && one['use_original_dst'] !== true)
  const { socket } = request
  if (socket !== undefined)
    return (
      bound.find((one) => socketOf(one) === socket) ??
      `none is bound at ${socket}: there is ${namesOf(bound)}`
    )
  // RFC 6761 §6.3.
  const host = request.host === 'localhost' ? '127.0.0.1' : request.host
  const exact = bound.find((one) => placeOf(one).address === host && placeOf(one).port === request.port)
  if (exact !== undefined) return exact
  if (proxy.type === 'sidecar' && isOwn(listeners, proxy.ip, request.host)) {
    const found = inbound(listeners, request)
    if (found !== undefined) return found
  }
  return proxy.type === 'sidecar'
    ? outbound(listeners, proxy.domain, request)
    : (atPort(bound, request) ?? `none is bound for port ${request.port}: there is ${namesOf(bound)}`)
}

/** An address of the workload: that of the node id, or another at which its proxy takes what comes in. */
const isOwn = (listeners: readonly Json[], ip: string, host: string): boolean =>
  ip === host ||
  listeners.some((one) => textAt(one, 'traffic_direction') === 'INBOUND' && placeOf(one).address === host)

const inbound = (listeners: readonly Json[], { host, port }: SentRequest): Json | undefined => {
  const own = listeners.filter(
    (one) => textAt(one, 'traffic_direction') === 'INBOUND' && isOfFamily(one, host),
  )
  const captured = own.filter((one) => one['bind_to_port'] === false && placeOf(one).port === port)
  return (
    captured.find((one) => placeOf(one).address === host) ??
    captured.find(isWildcard) ??
    own.find((one) => one['use_original_dst'] === true)
  )
}

const outbound = (listeners: readonly Json[], domain: string, request: SentRequest): Json | string => {
  const explicit = listeners.find((one) => textAt(one, 'name') === explicitProxy)
  if (explicit !== undefined) return explicit
  const virtual = listeners.find(
    (one) =>
      one['use_original_dst'] === true &&
      textAt(one, 'traffic_direction') === 'OUTBOUND' &&
      isOfFamily(one, request.host),
  )
  const atPort = listeners.filter(
    (one) =>
      one['use_original_dst'] !== true &&
      textAt(one, 'traffic_direction') !== 'INBOUND' &&
      placeOf(one).port === request.port &&
      isOfFamily(one, request.host),
  )
  const captured = atPort.filter((one) => one['bind_to_port'] === false)
  const byName = (namesOf: (listener: Json, domain: string) => readonly string[]): Json | undefined =>
    captured.find(
      (one) =>
        !isWildcard(one) && namesOf(one, domain).some((host) => isShortFor(request.host, host, domain)),
    )
  return (
    captured.find((one) => placeOf(one).address === request.host) ??
    byName(serviceOf) ??
    byName(hostsBehind) ??
    // What is captured is handed to a bound listener too.
    (virtual === undefined ? captured : atPort).find(isWildcard) ??
    virtual ??
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

/** The full name of the service that made a listener, where it has the name of its resource. */
const serviceOf = (listener: Json, domain: string): readonly string[] => {
  const [kind, namespace, name] = ruleNameOf(listener)?.rule.split('/') ?? []
  return kind === 'Service' ? [`${name}.${namespace}.${domain.slice(domain.indexOf('.') + 1)}`] : []
}

/** The hostnames of the services to whose clusters a listener's connections go. */
const hostsBehind = (listener: Json): readonly string[] =>
  mapsAt(listener, 'filter_chains')
    .flatMap((chain) => mapsAt(chain, 'filters'))
    .flatMap((filter) => {
      const config = mapAt(filter, 'typed_config')
      const split = mapsAt(mapAt(config, 'weighted_clusters'), 'clusters').map((one) => textAt(one, 'name'))
      return [textAt(config, 'cluster'), ...split].flatMap((cluster) => cluster?.split('|')[3] ?? [])
    })

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
  setOf(listener, ['api_listener', 'internal_listener', 'udp_listener_config'] as const)
