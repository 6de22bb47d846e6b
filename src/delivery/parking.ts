import type { ProxyRejection } from '../model/fleet.ts'
import { type Cause, typeUrlOf, type XdsType } from '../model/xds.ts'
import type { StreamState } from './streamState.ts'

/** A version that Envoy refused: it is not sent again. Several share one rejection where nothing tells them apart. */
export type Parked = {
  readonly type: XdsType
  readonly name: string
  /** Name of the virtual host, where only that is refused. */
  readonly part: string | undefined
  readonly version: string
  readonly rejection: ProxyRejection
}

const keyOf = (type: XdsType, name: string, part: string | undefined): string =>
  `${type}\n${name}\n${part ?? ''}`

/** Parks a refused version. */
export const park = (state: StreamState, parked: Parked): void => {
  state.parked.set(keyOf(parked.type, parked.name, parked.part), parked)
}

/** True when Envoy refused exactly this version. */
export const isParked = (
  state: StreamState,
  type: XdsType,
  name: string,
  version: string,
  part?: string,
): boolean => state.parked.size > 0 && state.parked.get(keyOf(type, name, part))?.version === version

/** The rejection of `resource`; its cause is the newest of `causes`. */
export const rejectionOf = (
  type: XdsType,
  resource: string,
  message: string,
  causes: readonly Cause[],
): ProxyRejection => {
  const cause = causes.reduce<Cause | undefined>(
    (newest, other) => (newest === undefined || other.position > newest.position ? other : newest),
    undefined,
  )
  return { typeUrl: typeUrlOf[type], resource, message, ...(cause === undefined ? {} : { cause }) }
}

/** Ends the parking of what is intended no more, or otherwise, and of what was parked with it for want of a better
 *  answer. Those become dirty. */
export const unpark = (state: StreamState, type: XdsType, name: string): void => {
  for (const parked of state.parked.values()) {
    if (parked.type !== type || parked.name !== name) continue
    if (intendedVersion(state, parked) === parked.version) continue
    for (const [key, other] of state.parked) {
      if (other.rejection !== parked.rejection) continue
      state.parked.delete(key)
      state.ledgers[other.type]?.dirty.add(other.name)
    }
  }
}

const intendedVersion = (state: StreamState, { type, name, part }: Parked): string | undefined => {
  const resource = state.intended.get(type, name)
  return part === undefined ? resource?.version : resource?.parts?.find((one) => one.name === part)?.version
}

/** What Envoy refuses now, each once. */
export const rejectionsOf = (state: StreamState): readonly ProxyRejection[] => [
  ...new Set([...state.parked.values()].map(({ rejection }) => rejection)),
]
