import type { VirtualHostPart } from '../model/xds.ts'
import { culprits } from './culprits.ts'
import type { FlightEntry } from './ledger.ts'
import { park, rejectionOf } from './parking.ts'
import type { StreamState } from './streamState.ts'

/** Narrowing down which changed virtual hosts of a route configuration Envoy refuses: the first group is tried with
 *  all that was accepted so far, the others wait. */
export type Isolation = { readonly groups: readonly Group[]; readonly message: string }

/** `guilty`: together with all before it in the order it was refused, so once those are accepted it need not be sent. */
type Group = { readonly parts: readonly VirtualHostPart[]; readonly guilty: boolean }

/** Begins or continues with the refusal of what was tried under `name`. False: no virtual host is to blame, since none
 *  was new. */
export const refuseGroup = (
  state: StreamState,
  name: string,
  entry: FlightEntry,
  message: string,
): boolean => {
  const [tried, next, ...rest] = state.isolations.get(name)?.groups ?? [
    { parts: changedParts(entry), guilty: false },
  ]
  if (tried === undefined || tried.parts.length === 0) return false
  const later = next === undefined ? [] : [{ ...next, guilty: false }, ...rest]
  proceed(state, name, { groups: [...blame(state, name, tried.parts, message), ...later], message })
  return true
}

/** Goes on to the next group under `name`, the first being accepted. False: nothing is isolated there. */
export const acceptGroup = (state: StreamState, name: string): boolean => {
  const isolation = state.isolations.get(name)
  if (isolation === undefined) return false
  let groups = isolation.groups.slice(1)
  for (let [next] = groups; next?.guilty === true; [next] = groups)
    groups = [...blame(state, name, next.parts, isolation.message), ...groups.slice(1)]
  proceed(state, name, { ...isolation, groups })
  return true
}

/** True while the virtual host `part` has to wait for its turn. */
export const isWaiting = (isolation: Isolation | undefined, { name, version }: VirtualHostPart): boolean =>
  isolation?.groups.some(
    ({ parts }, index) =>
      index > 0 && parts.some((other) => other.name === name && other.version === version),
  ) ?? false

const proceed = (state: StreamState, name: string, isolation: Isolation): void => {
  if (isolation.groups.length === 0) state.isolations.delete(name)
  else state.isolations.set(name, isolation)
}

// What is left to try: nothing of a single part, which is parked; else two groups, what Envoy mentions first.
const blame = (
  state: StreamState,
  name: string,
  parts: readonly VirtualHostPart[],
  message: string,
): readonly Group[] => {
  const [only, ...others] = parts
  if (only === undefined) return []
  if (others.length === 0) {
    parkPart(state, name, only, message)
    return []
  }
  const mentioned = culprits(
    message,
    parts.map((part) => part.name),
  )
  const half = Math.ceil(parts.length / 2)
  const isFirst =
    mentioned.length > 0 && mentioned.length < parts.length
      ? (part: VirtualHostPart) => mentioned.includes(part.name)
      : (_: VirtualHostPart, index: number) => index < half
  return [
    { parts: parts.filter(isFirst), guilty: false },
    { parts: parts.filter((part, index) => !isFirst(part, index)), guilty: true },
  ]
}

// A version that is intended no more needs no parking.
const parkPart = (state: StreamState, name: string, part: VirtualHostPart, message: string): void => {
  const intended = state.intended.get('routes', name)?.parts?.find((one) => one.name === part.name)
  if (intended?.version !== part.version) return
  const rejection = rejectionOf('routes', name, `virtual host ${part.name}: ${message}`, part.causes)
  park(state, { type: 'routes', name, part: part.name, version: part.version, rejection })
}

const changedParts = ({ before, now }: FlightEntry): readonly VirtualHostPart[] => {
  const old = new Map(before?.parts?.map(({ name, version }) => [name, version]))
  return (now?.parts ?? []).filter(({ name, version }) => old.get(name) !== version)
}
