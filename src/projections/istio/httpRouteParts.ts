import { durationMs } from '../../model/duration.ts'
import type { IstioCorsPolicy, IstioFault, IstioHttpRoute } from '../../model/istio/virtualService.ts'
import type { HttpAction, HttpCors, HttpRetries, HttpRouteFault, TextMatch } from '../routes/httpRoute.ts'
import { textMatch } from './textMatch.ts'

/** Where Istio's documentation names a default. */
const defaultRetries = {
  attempts: 2,
  on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
  statusCodes: [503],
} as const

/** How a route tries again: two times without a policy, as Istio does; `undefined` for never. */
export const retriesOf = (retries: IstioHttpRoute['retries']): HttpRetries | undefined => {
  const { attempts = defaultRetries.attempts, retryOn } = retries ?? {}
  if (attempts === 0) return undefined
  const perTryTimeoutMs = durationMs(retries?.perTryTimeout ?? '')
  const backoffMs = durationMs(retries?.backoff ?? '')
  return {
    attempts,
    ...(retryOn === undefined
      ? { on: defaultRetries.on, statusCodes: defaultRetries.statusCodes }
      : retriedOn(retryOn)),
    ...(perTryTimeoutMs !== undefined && { perTryTimeoutMs }),
    ...(backoffMs !== undefined && { backoffMs }),
    ...(retries?.retryIgnorePreviousHosts !== false && { elsewhere: true }),
    ...(retries?.retryRemoteLocalities === true && { otherLocalities: true }),
  }
}

/** Istio lets statuses stand among Envoy's reasons. */
const retriedOn = (text: string): Pick<HttpRetries, 'on' | 'statusCodes'> => {
  const parts = text.split(',').map((part) => part.trim())
  const statusCodes = parts.filter((part) => /^[1-5]\d\d$/.test(part)).map(Number)
  const reasons = parts.filter((part) => part !== '' && !/^\d+$/.test(part))
  if (statusCodes.length === 0) return { on: reasons.join(',') }
  return { on: [...new Set([...reasons, 'retriable-status-codes'])].join(','), statusCodes }
}

const grpcStatuses: readonly string[] = [
  'OK',
  'CANCELLED',
  'UNKNOWN',
  'INVALID_ARGUMENT',
  'DEADLINE_EXCEEDED',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'PERMISSION_DENIED',
  'RESOURCE_EXHAUSTED',
  'FAILED_PRECONDITION',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNIMPLEMENTED',
  'INTERNAL',
  'UNAVAILABLE',
  'DATA_LOSS',
  'UNAUTHENTICATED',
]

/** The delay and abort of a route, of every request where no percentage is given. */
export const faultOf = ({ delay, abort }: IstioFault): HttpRouteFault => {
  const delayMs = durationMs(delay?.fixedDelay ?? '')
  const percentOf = (of: NonNullable<IstioFault['delay'] | IstioFault['abort']>): number =>
    of.percentage === undefined ? (of.percent ?? 100) : (of.percentage.value ?? 0)
  const grpcStatus = grpcStatuses.indexOf(abort?.grpcStatus ?? '')
  return {
    ...(delay && delayMs !== undefined && { delay: { percent: percentOf(delay), delayMs } }),
    ...(abort?.httpStatus !== undefined && {
      abort: { percent: percentOf(abort), status: abort.httpStatus },
    }),
    ...(abort && grpcStatus >= 0 && { abort: { percent: percentOf(abort), grpcStatus } }),
  }
}

/** Who else's pages may call. */
export const corsOf = (cors: IstioCorsPolicy): HttpCors => {
  const maxAgeMs = durationMs(cors.maxAge ?? '')
  const origins: readonly TextMatch[] = [
    ...(cors.allowOrigins ?? []).flatMap((match) => textMatch(match) ?? []),
    ...(cors.allowOrigin ?? []).map((value) => ({ kind: 'exact' as const, value })),
  ]
  return {
    allowOrigins: origins,
    allowMethods: cors.allowMethods ?? [],
    allowHeaders: cors.allowHeaders ?? [],
    exposeHeaders: cors.exposeHeaders ?? [],
    ...(maxAgeMs !== undefined && { maxAgeMs }),
    ...(cors.allowCredentials !== undefined && { allowCredentials: cors.allowCredentials }),
    ...(cors.unmatchedPreflights === 'IGNORE' && { forwardUnmatched: false }),
  }
}

type Redirect = Extract<HttpAction, { kind: 'redirect' }>

/** Where a redirect leads from a request to `port`. */
export const redirectOf = (redirect: NonNullable<IstioHttpRoute['redirect']>, port: number): Redirect => {
  const chosen =
    redirect.port ??
    (redirect.derivePort === 'FROM_REQUEST_PORT'
      ? port
      : redirect.derivePort === 'FROM_PROTOCOL_DEFAULT'
        ? redirect.scheme === 'https'
          ? 443
          : 80
        : undefined)
  return {
    kind: 'redirect',
    ...(redirect.uri && { path: redirect.uri }),
    ...(redirect.prefixRewrite && { prefix: redirect.prefixRewrite }),
    ...(redirect.authority && { authority: redirect.authority }),
    ...(redirect.scheme && { scheme: redirect.scheme }),
    ...(chosen !== undefined && { port: chosen }),
    status: (redirect.redirectCode ?? 301) as Redirect['status'],
  }
}
