/** True for the form of an IPv4 or IPv6 address, which no DNS name has. */
export const isAddress = (host: string): boolean =>
  /^\d+(\.\d+){3}$/.test(host) || /^[\da-f:.]*:[\da-f:.]*$/i.test(host)
