import { durationMs } from '../../model/duration.ts'
import type { CorsPolicy } from '../../model/routeRule.ts'
import { problemCodes } from '../problemCode.ts'
import { choice } from '../shapes/choice.ts'
import { type Codec, checked } from '../shapes/codec.ts'
import { headerName } from '../shapes/header.ts'
import { listOf } from '../shapes/listOf.ts'
import { duration } from '../shapes/network.ts'
import { truth } from '../shapes/number.ts'
import { optional, struct } from '../shapes/struct.ts'
import { plainText } from '../shapes/text.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH'] as const

/** Who else's pages may call; `maxAge` in whole seconds, as the header that carries it counts. */
export const corsPolicy: Codec<CorsPolicy> = checked(
  struct<CorsPolicy>('corsPolicy', {
    allowOrigin: optional(listOf('origins', plainText('origin', 1024))),
    allowMethods: optional(listOf('methods', choice<string>('method', methods))),
    allowHeaders: optional(listOf('headers', headerName)),
    exposeHeaders: optional(listOf('headers', headerName)),
    maxAge: optional(duration('maxAge', 0)),
    allowCredentials: optional(truth),
  }),
  ({ maxAge }) =>
    maxAge === undefined || (durationMs(maxAge) ?? 0) % 1000 === 0
      ? []
      : [{ code: problemCodes.badDuration, message: 'A maxAge is in whole seconds.', path: ['maxAge'] }],
)
