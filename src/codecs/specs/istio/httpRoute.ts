import type {
  HttpRouteDestination,
  IstioCorsPolicy,
  IstioFault,
  IstioHttpRoute,
  IstioPercent,
  IstioRedirect,
} from '../../../model/istio/virtualService.ts'
import { problemCodes } from '../../problemCode.ts'
import { choice } from '../../shapes/choice.ts'
import { type Codec, checked, type Finding, inWordsOf } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { dnsLabel, dnsName } from '../../shapes/names.ts'
import { duration, port } from '../../shapes/network.ts'
import { numberWithin, truth, wholeNumber } from '../../shapes/number.ts'
import { regex } from '../../shapes/regex.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText, text } from '../../shapes/text.ts'
import { destination, headers, weight, weighted } from './destination.ts'
import { currentHttpRoute } from './formerHttpRoute.ts'
import { httpMatchRequest } from './httpMatch.ts'
import { headerNameInAnyCase, stringMatch } from './stringMatch.ts'

const percent = numberWithin('percent', 0, 100)
const percentage = struct<IstioPercent>('percentage', { value: optional(percent) })

type Part<K extends keyof IstioHttpRoute> = NonNullable<IstioHttpRoute[K]>

const oneOf = (
  value: object,
  keys: readonly string[],
  what: string,
  most: 'at most one' | 'exactly one' = 'at most one',
): readonly Finding[] => {
  const found = keys.filter((key) => Object.hasOwn(value, key))
  if (found.length === 1 || (found.length === 0 && most === 'at most one')) return []
  const message = `${what} has ${most} of ${keys.join(', ')}; found ${found.join(' and ') || 'none'}.`
  return [{ code: problemCodes.excluded, message, path: [] }]
}

const redirect: Codec<IstioRedirect> = checked(
  struct<IstioRedirect>('redirect', {
    uri: optional(plainText('uri', 8192)),
    prefixRewrite: optional(plainText('prefixRewrite', 8192)),
    authority: optional(plainText('authority', 253)),
    port: optional(port),
    derivePort: optional(choice('derivePort', ['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'])),
    scheme: optional(choice('scheme', ['http', 'https'])),
    redirectCode: optional(wholeNumber('redirectCode', 300, 399)),
  }),
  (one) => [
    ...oneOf(one, ['uri', 'prefixRewrite'], 'A redirect'),
    ...oneOf(one, ['port', 'derivePort'], 'A redirect'),
    ...([301, 302, 303, 307, 308].includes(one.redirectCode ?? 301)
      ? []
      : [
          {
            code: problemCodes.notExpressible,
            message: 'Envoy redirects with 301, 302, 303, 307 or 308.',
            path: ['redirectCode'],
          },
        ]),
  ],
)

const directResponse = struct<Part<'directResponse'>>('directResponse', {
  // Envoy's own bounds (route.v3.DirectResponseAction).
  status: wholeNumber('status', 200, 599),
  body: optional(
    checked(
      struct<NonNullable<Part<'directResponse'>['body']>>('body', {
        string: optional(text('body', problemCodes.badText, 'at most 4096 bytes', isShort)),
        bytes: optional(text('body', problemCodes.badText, 'base64 of at most 4096 bytes', isShortBase64)),
      }),
      (body) => oneOf(body, ['string', 'bytes'], 'A body', 'exactly one'),
    ),
  ),
})

// Envoy's own bound for the body of a direct response (RouteConfiguration.max_direct_response_body_size_bytes).
function isShort(value: string): boolean {
  return new TextEncoder().encode(value).length <= 4096
}

function isShortBase64(value: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0 && value.length <= 5464
}

const rewrite = checked(
  struct<Part<'rewrite'>>('rewrite', {
    uri: optional(plainText('uri', 8192)),
    authority: optional(plainText('authority', 253)),
    uriRegexRewrite: optional(
      struct<NonNullable<Part<'rewrite'>['uriRegexRewrite']>>('uriRegexRewrite', {
        match: regex,
        rewrite: text('rewrite', problemCodes.badText, 'at most 8192 characters', (to) => to.length <= 8192),
      }),
    ),
  }),
  (one) => oneOf(one, ['uri', 'uriRegexRewrite'], 'A rewrite'),
)

const retries = struct<Part<'retries'>>('retries', {
  attempts: optional(wholeNumber('attempts', 0, 2 ** 31 - 1)),
  perTryTimeout: optional(duration('perTryTimeout')),
  retryOn: optional(plainText('retryOn', 1024)),
  retryRemoteLocalities: optional(truth),
  retryIgnorePreviousHosts: optional(truth),
  backoff: optional(duration('backoff')),
})

const delay = checked(
  struct<NonNullable<IstioFault['delay']>>('delay', {
    percentage: optional(percentage),
    percent: optional(percent),
    fixedDelay: optional(duration('fixedDelay')),
    exponentialDelay: optional(duration('exponentialDelay')),
  }),
  (one) => oneOf(one, ['fixedDelay', 'exponentialDelay'], 'A delay', 'exactly one'),
)

/** The statuses of gRPC by the names that Istio takes. */
export const grpcStatuses = [
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
] as const

const abort = checked(
  struct<NonNullable<IstioFault['abort']>>('abort', {
    percentage: optional(percentage),
    percent: optional(percent),
    // Envoy's own bounds (fault.v3.FaultAbort).
    httpStatus: optional(wholeNumber('httpStatus', 200, 599)),
    grpcStatus: optional(choice<string>('grpcStatus', grpcStatuses)),
    http2Error: optional(plainText('http2Error', 64)),
  }),
  (one) => oneOf(one, ['httpStatus', 'grpcStatus', 'http2Error'], 'An abort', 'exactly one'),
)

const fault = struct<IstioFault>('fault', { delay: optional(delay), abort: optional(abort) })

const methodsOrAny = plainText('method', 32)

const corsPolicy = struct<IstioCorsPolicy>('corsPolicy', {
  allowOrigins: optional(listOf('origins', stringMatch)),
  allowOrigin: optional(listOf('origins', plainText('origin', 1024))),
  allowMethods: optional(listOf('methods', methodsOrAny)),
  allowHeaders: optional(listOf('headers', headerNameInAnyCase)),
  exposeHeaders: optional(listOf('headers', headerNameInAnyCase)),
  maxAge: optional(duration('maxAge', 0)),
  allowCredentials: optional(truth),
  unmatchedPreflights: optional(choice('unmatchedPreflights', ['UNSPECIFIED', 'FORWARD', 'IGNORE'])),
})

type Mirror = NonNullable<IstioHttpRoute['mirrors']>[number]

/** One HTTP route of a VirtualService. */
export const httpRoute: Codec<IstioHttpRoute> = inWordsOf(
  currentHttpRoute,
  checked(
    struct<IstioHttpRoute>('a route', {
      name: optional(plainText('name', 253)),
      match: optional(listOf('match', httpMatchRequest)),
      route: optional(
        listOf(
          'route',
          inWordsOf(
            currentHttpRoute,
            struct<HttpRouteDestination>('a destination', {
              destination,
              weight: optional(weight),
              headers: optional(headers),
            }),
          ),
        ),
      ),
      redirect: optional(redirect),
      directResponse: optional(directResponse),
      delegate: optional(
        struct<Part<'delegate'>>('delegate', {
          name: dnsName('name'),
          namespace: optional(dnsLabel('namespace')),
        }),
      ),
      rewrite: optional(rewrite),
      timeout: optional(duration('timeout', 0)),
      retries: optional(retries),
      fault: optional(fault),
      mirror: optional(destination),
      mirrors: optional(
        listOf('mirrors', struct<Mirror>('a mirror', { destination, percentage: optional(percentage) })),
      ),
      mirrorPercent: optional(percent),
      mirrorPercentage: optional(percentage),
      corsPolicy: optional(corsPolicy),
      headers: optional(headers),
    }),
    (route) => [
      ...oneOf(
        route.route?.length === 0 ? { ...without(route, 'route') } : route,
        ['route', 'redirect', 'directResponse', 'delegate'],
        'An HTTP route',
        'exactly one',
      ),
      ...oneOf(route, ['mirror', 'mirrors'], 'An HTTP route'),
      ...weighted(route.route),
    ],
  ),
)

const without = (route: IstioHttpRoute, key: keyof IstioHttpRoute): object =>
  Object.fromEntries(Object.entries(route).filter(([name]) => name !== key))
