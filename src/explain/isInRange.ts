import { BlockList, isIP } from 'node:net'

/** True where `address` is an IP address within `range` (`10.1.0.0/16`, `2001:db8::/32`); a name is in none, and an
 *  address that is not known only in that of all IPv4 addresses. */
export const isInRange = (address: string | undefined, range: string): boolean => {
  if (address === undefined) return range === '0.0.0.0/0'
  const [prefix = '', bits = ''] = range.split('/')
  const family = isIP(prefix)
  if (family === 0 || isIP(address) !== family) return false
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const block = new BlockList()
  block.addSubnet(prefix, Number(bits), type)
  return block.check(address, type)
}
