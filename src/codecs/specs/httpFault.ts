import type { HttpFault } from '../../model/routeRule.ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, checked, type Finding } from '../shapes/codec.ts'
import { duration } from '../shapes/network.ts'
import { numberWithin, wholeNumber } from '../shapes/number.ts'
import { optional, struct } from '../shapes/struct.ts'
import { plainText } from '../shapes/text.ts'

type Delay = NonNullable<HttpFault['delay']>
type Abort = NonNullable<HttpFault['abort']>

const percent = numberWithin('percent', 0, 100)

const delay: Codec<Delay> = checked(
  struct<Delay>('delay', {
    percent: optional(percent),
    fixedDelay: optional(duration('fixedDelay')),
    exponentialDelay: optional(plainText('exponentialDelay', 64)),
  }),
  ({ fixedDelay, exponentialDelay }) => [
    ...inexpressible(exponentialDelay, 'exponentialDelay', 'fixedDelay'),
    ...needed(fixedDelay ?? exponentialDelay, 'A delay needs a fixedDelay.'),
  ],
)

const abort: Codec<Abort> = checked(
  struct<Abort>('abort', {
    percent: optional(percent),
    // Envoy's own bounds (fault.v3.FaultAbort).
    httpStatus: optional(wholeNumber('httpStatus', 200, 599)),
    grpcStatus: optional(plainText('grpcStatus', 64)),
    http2Error: optional(plainText('http2Error', 64)),
  }),
  ({ httpStatus, grpcStatus, http2Error }) => [
    ...inexpressible(grpcStatus, 'grpcStatus', 'httpStatus'),
    ...inexpressible(http2Error, 'http2Error', 'httpStatus'),
    ...needed(httpStatus ?? grpcStatus ?? http2Error, 'An abort needs an httpStatus.'),
  ],
)

const needed = (value: unknown, message: string): readonly Finding[] =>
  value === undefined ? [{ code: problemCodes.incomplete, message, path: [] }] : []

const inexpressible = (value: unknown, key: string, instead: string): readonly Finding[] =>
  value === undefined
    ? []
    : [
        {
          code: problemCodes.notExpressible,
          message: `${key} is not expressible in Envoy's faults of a RouteRule; use ${instead}.`,
          path: [key],
        },
      ]

/** Faults that a rule injects: a fixed delay, an abort with a status, or both. */
export const httpFault: Codec<HttpFault> = checked(
  struct<HttpFault>('httpFault', { delay: optional(delay), abort: optional(abort) }),
  (fault) => needed(fault.delay ?? fault.abort, 'A fault needs a delay or an abort.'),
)
