import type { XdsResource } from '../model/xds.ts'
import type { FlightEntry } from './ledger.ts'

/** Narrowing down which changed virtual hosts Envoy refuses: the first group is tried, the others wait. */
export type Isolation = { readonly groups: (readonly string[])[] }

/** Names of the virtual hosts that are new or other in what was sent than before it. */
export const changedParts = ({ before, now }: FlightEntry): readonly string[] => {
  const old = new Map(before?.parts?.map(({ name, version }) => [name, version]))
  return (now?.parts ?? []).filter(({ name, version }) => old.get(name) !== version).map(({ name }) => name)
}

/** `names` in two groups to be tried one after the other; what `message` mentions comes first, alone. */
export const split = (names: readonly string[], message: string): (readonly string[])[] => {
  const hinted = names.filter((name) => message.includes(name))
  if (hinted.length > 0 && hinted.length < names.length)
    return [hinted, names.filter((name) => !hinted.includes(name))]
  const half = Math.ceil(names.length / 2)
  return [names.slice(0, half), names.slice(half)]
}

/** True while the virtual host `part` has to wait for its turn. */
export const isWaiting = (isolation: Isolation | undefined, part: string): boolean =>
  isolation?.groups.some((group, index) => index > 0 && group.includes(part)) ?? false

/** Goes on to the next group of what is isolated under `name`; false when nothing is. */
export const skipGroup = (isolations: Map<string, Isolation>, name: string): boolean => {
  const isolation = isolations.get(name)
  isolation?.groups.shift()
  if (isolation?.groups.length === 0) isolations.delete(name)
  return isolation !== undefined
}

/** The virtual host `name` of `resource`. */
export const partOf = (resource: XdsResource | undefined, name: string) =>
  resource?.parts?.find((part) => part.name === name)
