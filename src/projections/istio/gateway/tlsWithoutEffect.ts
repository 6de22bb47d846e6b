import type { Diagnostic } from '../../../model/diagnostic.ts'
import type { GatewayServer } from '../../../model/istio/gateway.ts'
import type { ServerTls } from '../../../model/istio/serverTls.ts'
import { serverKind } from './serverKind.ts'
import { ofEndedTls } from './unusedOfTls.ts'

/** Settings of a server's TLS that what is done with its connections leaves without effect. `path`: the server's. */
export const tlsWithoutEffect = (server: GatewayServer, path: string): readonly Diagnostic[] => {
  const { tls = {} } = server
  const kind = serverKind(server)
  if (kind.kind === 'none') return []
  const unused = (fields: readonly (keyof ServerTls)[], why: string): readonly Diagnostic[] =>
    fields
      .filter((field) => tls[field] !== undefined && tls[field] !== false)
      .map((field) => ({
        code: 'RUT2011',
        severity: 'warning',
        path: `${path}/tls/${field}`,
        message: `It has no effect. ${why}`,
      }))
  return [
    ...(kind.kind !== 'http' || kind.tls
      ? unused(['httpsRedirect'], 'Plain HTTP alone is sent to TLS.')
      : []),
    ...(kind.kind === 'passthrough' || !kind.tls ? unused(ofEndedTls, 'Proxies do not end TLS here.') : []),
  ]
}
