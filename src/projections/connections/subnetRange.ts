import type { JsonObject } from '../json.ts'

/** Envoy's CidrRange of `10.0.0.0/8`, or of one address. */
export const rangeJson = (subnet: string): JsonObject => {
  const [address = '', length] = subnet.split('/')
  const whole = address.includes(':') ? 128 : 32
  return { address_prefix: address, prefix_len: length === undefined ? whole : Number(length) }
}
