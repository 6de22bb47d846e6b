import type { JsonObject } from './json.ts'
import { socketAddress } from './socketAddress.ts'

/** The address of a listener of connections to whatever address. */
export const anyAddress = '0.0.0.0'

/** The fields of an Envoy listener of connections to `port` of any address, with `ipv6` of IPv6 too. */
export const anyAddressJson = (port: number, ipv6: boolean): JsonObject => ({
  address: socketAddress(anyAddress, port),
  ...(ipv6 ? { additional_addresses: [{ address: socketAddress('::', port) }] } : {}),
})
