import type { JsonObject } from '../json.ts'

/** Envoy's ranges of addresses for a filter chain that takes `subnets`. All addresses are two halves: in one range Envoy
 *  would not tell them from no condition, and choose either. */
export const chainRangesJson = (subnets: readonly string[]): readonly JsonObject[] =>
  subnets.flatMap((subnet) => {
    const { address_prefix, prefix_len } = rangeJson(subnet)
    if (prefix_len !== 0) return [{ address_prefix, prefix_len }]
    return (String(address_prefix).includes(':') ? ['::', '8000::'] : ['0.0.0.0', '128.0.0.0']).map(
      (half) => ({ address_prefix: half, prefix_len: 1 }),
    )
  })

/** Envoy's CidrRange of `10.0.0.0/8`, or of one address. */
export const rangeJson = (subnet: string): JsonObject => {
  const [address = '', length] = subnet.split('/')
  const whole = address.includes(':') ? 128 : 32
  return { address_prefix: address, prefix_len: length === undefined ? whole : Number(length) }
}
