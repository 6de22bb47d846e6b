import { isIP } from 'node:net'
import { type Json, mapAt, mapsAt, numberAt, textAt } from './json.ts'

/** Where a listener listens. */
export type Place = { readonly address: string | undefined; readonly port: number | undefined }

/** The address and port of `listener`. */
export const placeOf = (listener: Json): Place => {
  const socket = mapAt(mapAt(listener, 'address'), 'socket_address')
  return { address: textAt(socket, 'address'), port: numberAt(socket, 'port_value') }
}

/** The socket of the file system at which `listener` listens, if it does. */
export const socketOf = (listener: Json): string | undefined =>
  textAt(mapAt(mapAt(listener, 'address'), 'pipe'), 'path')

/** True where `listener` takes connections to `host`, as far as its address says: one of every IPv4 address takes none to an
 *  IPv6 address. */
export const isOfFamily = (listener: Json, host: string): boolean =>
  isIP(host) !== 6 || addressesOf(listener).some((address) => address.includes(':'))

const addressesOf = (listener: Json): readonly string[] =>
  [listener, ...mapsAt(listener, 'additional_addresses')].flatMap((one) => placeOf(one).address ?? [])

/** True for a listener at every address. */
export const isWildcard = (listener: Json): boolean => {
  const { address } = placeOf(listener)
  return address === '0.0.0.0' || address === '::'
}
