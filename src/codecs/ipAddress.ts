const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const ipv4 = new RegExp(`^(?:${octet}\\.){3}${octet}$`)

/** 4 or 6, the version of the IP address that `text` is; `undefined` when it is none. No zone, no brackets,
 *  no leading zeros in IPv4. */
export const ipVersion = (text: string): 4 | 6 | undefined => {
  if (ipv4.test(text)) return 4
  const looksLikeIpv6 = text.length <= 45 && /^[0-9a-fA-F:.]*:[0-9a-fA-F:.]*$/.test(text)
  return looksLikeIpv6 && URL.canParse(`http://[${text}]/`) ? 6 : undefined
}

/** An IP address, alone or before the length of a prefix, in the one spelling by which addresses are compared: IPv6 in
 *  lower case, in its shortest form. Any other text as it is. */
export const canonicalIp = (text: string): string => {
  const [address = '', ...bits] = text.split('/')
  if (ipVersion(address) !== 6) return text
  return [new URL(`http://[${address}]/`).hostname.slice(1, -1), ...bits].join('/')
}

/** True for an IP address, or one with the length of a prefix (`10.0.0.0/8`) that its version can have. */
export const isSubnet = (text: string): boolean => {
  const [address = '', bits, ...rest] = text.split('/')
  const version = ipVersion(address)
  if (version === undefined || rest.length > 0) return false
  if (bits === undefined) return true
  return /^(?:0|[1-9]\d{0,2})$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)
}

/** True for an IP address that somebody can call. */
export const isCallable = (address: string): boolean =>
  ipVersion(address) !== undefined && !isUnspecified(address)

/** True for `0.0.0.0` and every spelling of `::`: addresses to listen on, which nobody can call. */
export const isUnspecified = (address: string): boolean =>
  address === '0.0.0.0' || (ipVersion(address) === 6 && /^[0:.]+$/.test(address))
