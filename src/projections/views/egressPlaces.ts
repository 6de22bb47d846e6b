import type { Resource, ResourceName } from '../../model/resource.ts'
import { nameOf } from '../../model/resourceName.ts'
import type { SidecarEgress } from '../../model/sidecar.ts'
import { spokenProtocol } from '../istio/compileServiceEntry.ts'
import { listenerName } from '../listeners/listeners.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { isHttp, protocolNamed } from '../registry/servicePorts.ts'
import { openScope, type Scope, scopeOf, takesPort } from './scope.ts'

/** Where a Sidecar lets callers reach some hosts: an address of its own. */
export type EgressPlace = {
  /** An IP address, or a socket of the file system, `unix:///path`. */
  readonly address: string
  /** The one port of the hosts that is called there; absent: every one, at its own number, or all at one socket. */
  readonly port?: number
  /** The proxy listens there; else connections to it are captured. */
  readonly bound: boolean
  /** Of a socket: only ports that are routed by request, or only others. */
  readonly http?: boolean
  readonly scope: Scope
}

/** What a proxy's callers reach, by where they reach it. */
export type Egress = {
  /** What they reach at all. */
  readonly scope: Scope
  /** Present where a Sidecar has places: what they reach without one, the places, and what listens at their addresses
   *  already, by `listenerName`. */
  readonly apart?: {
    /** The Sidecar's. */
    readonly rule: ResourceName
    readonly called: Scope
    readonly places: readonly EgressPlace[]
    readonly taken: readonly string[]
  }
}

/** A place with a number of its own, at which a port is called. */
export type Door = { readonly name: string; readonly port: number; readonly place: EgressPlace }

/** What callers of `ownNamespace` reach by the egress of their Sidecar. `captured`: their connections to an
 *  address are, so that nothing need listen there. `atPlaces`: they are a workload, and not proxies at the edge. */
export const egressOf = (
  sidecar: Resource<'Sidecar'> | undefined,
  ownNamespace: string,
  { captured, atPlaces }: { readonly captured: boolean; readonly atPlaces: boolean },
): Egress => {
  const egress = sidecar?.spec.egress
  if (sidecar === undefined || egress === undefined) return { scope: openScope }
  const scope = scopeOf(egress, ownNamespace)
  const apart = egress.filter(hasPlace)
  if (apart.length === 0 || !atPlaces) return { scope }
  const groups = new Map<string, SidecarEgress[]>()
  for (const one of apart) {
    const key = JSON.stringify(placeOf(one))
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  const places = [...groups].map(([key, its]) => ({
    ...(JSON.parse(key) as ReturnType<typeof placeOf>),
    bound: its.some((one) => isBound(one, captured)),
    scope: scopeOf(its, ownNamespace),
  }))
  const called = scopeOf(
    egress.filter((one) => !hasPlace(one)),
    ownNamespace,
  )
  return { scope, apart: { rule: nameOf(sidecar), called, places, taken: [] } }
}

/** Whether hosts of this egress are reached at a place alone. */
export const hasPlace = ({ bind, captureMode }: SidecarEgress): boolean =>
  bind !== undefined || captureMode === 'NONE'

/** The place of an egress that has one, whoever reaches it. Loopback is where Istio binds what is not captured. */
export const placeOf = ({
  bind: address = '127.0.0.1',
  port,
}: SidecarEgress): Pick<EgressPlace, 'address' | 'port' | 'http'> => {
  const { number = 0, protocol, name = '' } = port ?? {}
  const place = { address, ...(number !== 0 && { port: number }) }
  const spoken = protocol === undefined ? protocolNamed(name) : spokenProtocol(protocol)
  return isSocket(address) && spoken !== undefined ? { ...place, http: isHttp(spoken) } : place
}

const isBound = ({ bind = '', captureMode }: SidecarEgress, captured: boolean): boolean =>
  captureMode === 'NONE' || isSocket(bind) || !captured

export const isSocket = (address: string): boolean => address.startsWith('unix://')

/** Where `port` of `service` is called, of the places of callers. A place with the port's number goes before one for every
 *  port at the same address. */
export const doorsOf = (
  service: CompiledService,
  { port, http }: Pick<CompiledPort, 'port' | 'http'>,
  { places, taken }: NonNullable<Egress['apart']>,
): readonly Door[] =>
  places.flatMap((place): readonly Door[] => {
    if (!takesPort(place.scope, service, port) || (place.http ?? http) !== http) return []
    const number = isSocket(place.address) ? 0 : (place.port ?? port)
    const name = doorName(place.address, number)
    const isOthers = places.some(
      (other) => other !== place && other.address === place.address && other.port === number,
    )
    return taken.includes(name) || isOthers ? [] : [{ name, port: number, place }]
  })

/** Whether `port` is called at places that the proxy listens at, and captured nowhere. */
export const isBoundOnly = (
  service: CompiledService,
  port: CompiledPort,
  apart: NonNullable<Egress['apart']>,
): boolean => {
  const doors = doorsOf(service, port, apart)
  return (
    doors.length > 0 &&
    doors.every(({ place }) => place.bound) &&
    !takesPort(apart.called, service, port.port)
  )
}

/** Of the listener at a place, and of its route configuration: that of any listener, of a socket its path. */
export const doorName = (address: string, port: number): string =>
  isSocket(address) ? address : listenerName(address, port)
