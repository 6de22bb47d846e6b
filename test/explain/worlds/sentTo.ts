import { isLeft } from 'fp-ts/lib/Either.js'
import { readRequest, type SentRequest } from '../../../src/explain/sentRequest.ts'
import type { AskedRequest } from '../../../src/model/askedRequest.ts'
import type { ProxyIdentity } from '../../../src/model/proxy.ts'
import type { Sent } from '../wholeEnvoy.ts'
import { ownAddress, type Target } from './world.ts'

/** `request` as a client of `proxy` sends it to `target`, with an absolute URL in its first line where that can be said;
 *  `undefined` for one that nobody could send. */
export const sentTo = (
  proxy: ProxyIdentity,
  target: Target,
  request: AskedRequest,
  absolute = false,
): { readonly sent: Sent; readonly read: SentRequest } | undefined => {
  const read = readRequest(request)
  if (isLeft(read)) return undefined
  const outbound = target.direction === undefined && proxy.type === 'sidecar'
  return {
    read: read.right,
    sent: {
      direction: outbound ? 'OUTBOUND' : 'INBOUND',
      from: outbound ? ownAddress : '203.0.113.5',
      to: target.to,
      port: target.port,
      serverName: read.right.tls ? nameInTls(target.host) : undefined,
      head: headOf(request, read.right, absolute),
    },
  }
}

const nameInTls = (host: string): string => (/^[\d.]+$|:/.test(host) ? '' : host)

const headOf = (
  { method, headers }: AskedRequest,
  { authority, path, tls }: SentRequest,
  absolute: boolean,
): string => {
  const target =
    absolute && /^[A-Za-z0-9.-]+(:[1-9]\d{0,3})?$/.test(authority)
      ? `${tls ? 'https' : 'http'}://${authority}${path}`
      : path
  const lines = Object.entries({ host: authority, ...headers }).flatMap(([name, value]) =>
    [value].flat().map((one) => `${name}: ${one}\r\n`),
  )
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}
