/** `host` as a server is asked for in TLS, which knows no ports and no addresses; Envoy knows names and `*.suffix`.
 *  `undefined`: by whatever name. */
export const serverName = (host: string): string | undefined => {
  if (host === '*' || host.startsWith('[') || /^[\d.]+$/.test(host)) return undefined
  if (!host.startsWith('*') || host.startsWith('*.')) return host
  const dot = host.indexOf('.')
  return dot === -1 ? undefined : `*${host.slice(dot)}`
}
