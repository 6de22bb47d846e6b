import { type Door, doorName, type EgressPlace, isSocket } from '../views/egressPlaces.ts'

/** What listens beside a proxy's egress: its inbound ports and its explicit HTTP proxy, and the ports of capture, which
 *  take connections to any address. */
export type OwnListeners = {
  readonly at: readonly { readonly address: string; readonly port: number }[]
  readonly capturePorts: readonly number[]
}

/** Of all doors that `places` may have those that something of the proxy's own has already, by name, sorted. Envoy refuses
 *  a second listener at an address. */
export const takenDoors = (
  places: readonly EgressPlace[],
  { at, capturePorts }: OwnListeners,
): readonly Door['name'][] => {
  const own = at.filter(({ address }) => places.some((place) => place.address === address))
  const captured = places.flatMap(({ address }) =>
    isSocket(address) ? [] : capturePorts.map((port) => ({ address, port })),
  )
  return [...new Set([...own, ...captured].map(({ address, port }) => doorName(address, port)))].sort()
}
