import { clientCertificateHeader, clientCertificateHeaderIn } from './clientCertificateHeader.ts'
import { flagAt, type Json } from './json.ts'
import { nominatedHeaders } from './nominatedHeaders.ts'
import type { SentRequest } from './sentRequest.ts'
import { isUpgrade } from './upgrade.ts'

/** The headers of a request as Envoy's routing sees them, `:method` and its like included: a value for each line, and
 *  `undefined` for one whose value Envoy makes up. */
export type SeenHeaders = ReadonlyMap<string, readonly string[] | undefined>

/** What the connection manager `manager` leaves of the request's headers and adds to them. */
export const seenHeaders = (request: SentRequest, manager: Json): SeenHeaders => {
  // It stands before callers who are not believed.
  const edge = flagAt(manager, 'use_remote_address')
  const certificate = clientCertificateHeaderIn(request, manager)
  const seen = new Map<string, readonly string[] | undefined>()
  const nominated = new Set(nominatedHeaders(request))
  const h2c = request.headers.get('upgrade')?.[0]?.toLowerCase() === 'h2c'
  for (const [name, values] of request.headers) {
    if (dropped.has(name) && !(isUpgrade(request) && upgrading.has(name))) continue
    if (nominated.has(name)) continue
    if (name === clientCertificateHeader && certificate !== 'stays') continue
    if (h2c && name === 'http2-settings') continue
    if (edge && name.startsWith('x-envoy-')) continue
    seen.set(name, joined.has(name) ? [values.join(',')] : values)
  }
  if (!seen.has('x-request-id') || edge) seen.set('x-request-id', undefined)
  if (certificate === 'madeUp') seen.set(clientCertificateHeader, undefined)
  if (edge) for (const name of ['x-forwarded-for', 'x-envoy-external-address']) seen.set(name, undefined)
  if (!seen.has('x-forwarded-proto') || edge) seen.set('x-forwarded-proto', [request.tls ? 'https' : 'http'])
  return seen
}

const upgrading: ReadonlySet<string> = new Set(['connection', 'upgrade'])

// Headers of one connection only, and those that Envoy 1.40 takes from callers within its own machine alone.
const dropped: ReadonlySet<string> = new Set(
  (
    'connection keep-alive proxy-connection transfer-encoding upgrade te x-envoy-max-retries x-envoy-retry-on ' +
    'x-envoy-upstream-rq-timeout-ms x-envoy-upstream-alt-stat-name x-envoy-force-trace ' +
    'x-envoy-internal x-envoy-ip-tags x-envoy-expected-rq-timeout-ms x-envoy-retry-grpc-on ' +
    'x-envoy-retriable-status-codes x-envoy-retriable-header-names x-envoy-hedge-on-per-try-timeout ' +
    'x-envoy-upstream-stream-duration-ms x-envoy-upstream-rq-per-try-timeout-ms x-envoy-original-url'
  ).split(' '),
)

// Several lines of these are one value to Envoy 1.40 (its O(1) headers); of others, each line is looked at by itself.
const joined: ReadonlySet<string> = new Set(
  (
    'accept accept-encoding access-control-request-headers access-control-request-method authorization cache-control ' +
    'content-encoding content-type expect grpc-accept-encoding grpc-timeout if-match if-modified-since if-none-match ' +
    'if-range if-unmodified-since origin pragma referer user-agent via x-client-trace-id x-envoy-attempt-count ' +
    'x-envoy-decorator-operation x-envoy-downstream-service-cluster x-envoy-downstream-service-node ' +
    'x-envoy-external-address x-envoy-is-timeout-retry x-envoy-original-path x-forwarded-client-cert x-forwarded-for ' +
    'x-forwarded-host x-forwarded-port x-forwarded-proto x-request-id'
  ).split(' '),
)

/** The value of a header that has one line at most; '' where it is missing, or its value made up. */
export const headerText = (headers: SeenHeaders, name: string): string => headers.get(name)?.[0] ?? ''
