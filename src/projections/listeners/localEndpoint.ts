/** Where `endpoint` of a Sidecar or Gateway is: `127.0.0.1:8080`, `[::1]:8080`, or `unix:///path` with port 0; `0.0.0.0`
 *  and `[::]` stand for `ownIp`. */
export const localEndpoint = (
  endpoint: string,
  ownIp: string,
): { readonly host: string; readonly port: number } => {
  if (endpoint.startsWith('unix://')) return { host: endpoint, port: 0 }
  const colon = endpoint.lastIndexOf(':')
  const host = endpoint.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const own = host === '0.0.0.0' || host === '::'
  return { host: own ? ownIp : host, port: Number(endpoint.slice(colon + 1)) }
}
