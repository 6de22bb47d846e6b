import type { GatewayServer } from '../../../model/istio/gateway.ts'

/** The route configuration of a server, of the Gateway `key` in its place `i`: the port's, which its servers share; a
 *  server that asks callers for certificates has one of its own, which nobody reaches by another server's name. */
export const gatewayTable = (key: string, i: number, { port, tls }: GatewayServer): string =>
  tls?.mode === 'MUTUAL' || tls?.mode === 'OPTIONAL_MUTUAL' || tls?.mode === 'ISTIO_MUTUAL'
    ? `${port.number}/${key}/${i}`
    : String(port.number)
