import type { DestinationWeight, RouteRuleSpec } from '../../model/routeRule.ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, checked, type Finding } from '../shapes/codec.ts'
import { headerName, headerValue } from '../shapes/header.ts'
import { json } from '../shapes/json.ts'
import { listOf } from '../shapes/listOf.ts'
import { mapOf } from '../shapes/mapOf.ts'
import { labels } from '../shapes/names.ts'
import { duration } from '../shapes/network.ts'
import { truth, wholeNumber } from '../shapes/number.ts'
import { optional, struct } from '../shapes/struct.ts'
import { plainText } from '../shapes/text.ts'
import { corsPolicy } from './corsPolicy.ts'
import { httpFault } from './httpFault.ts'
import { istioService, unlabelledService } from './istioService.ts'
import { precedence } from './precedence.ts'
import { ruleMatch } from './ruleMatch.ts'

const weighted = struct<DestinationWeight>('a route', {
  destination: optional(unlabelledService),
  labels: optional(labels),
  weight: optional(wholeNumber('weight', 0, 100)),
})

/** Weights sum to 100; a single entry may leave its weight out. */
const weightsOf = (route: readonly DestinationWeight[]): readonly Finding[] => {
  const total = route.reduce((sum, { weight = 0 }) => sum + weight, 0)
  if (route.length === 0 || total === 100 || (route.length === 1 && total === 0)) return []
  return [{ code: problemCodes.weights, message: `The weights sum to ${total}, not 100.`, path: [] }]
}

type Target = NonNullable<RouteRuleSpec['redirect']>
type Timeout = NonNullable<RouteRuleSpec['httpReqTimeout']>
type Retries = NonNullable<RouteRuleSpec['httpReqRetries']>

const target = (name: 'redirect' | 'rewrite'): Codec<Target> =>
  checked(
    struct<Target>(name, {
      uri: optional(plainText('uri', 8192)),
      authority: optional(plainText('authority', 253)),
    }),
    ({ uri, authority }) =>
      uri === undefined && authority === undefined
        ? [{ code: problemCodes.incomplete, message: `A ${name} needs a uri or an authority.`, path: [] }]
        : [],
  )

const timeout = struct<Timeout>('httpReqTimeout', {
  simpleTimeout: optional(
    struct<NonNullable<Timeout['simpleTimeout']>>('simpleTimeout', {
      // Zero is none, as Istio has it since 0.4; Pilot refused it (istio/istio 1667).
      timeout: duration('timeout', 0),
      overrideHeaderName: optional(headerName),
    }),
  ),
})

const retries = struct<Retries>('httpReqRetries', {
  simpleRetry: optional(
    struct<NonNullable<Retries['simpleRetry']>>('simpleRetry', {
      attempts: wholeNumber('attempts', 0, 2 ** 31 - 1),
      perTryTimeout: optional(duration('perTryTimeout')),
      overrideHeaderName: optional(headerName),
    }),
  ),
})

const appendHeaderName = checked(headerName, (name) =>
  name === 'host'
    ? [
        {
          code: problemCodes.badHeader,
          message: 'Envoy does not append to "host"; rewrite the authority.',
          path: [],
        },
      ]
    : [],
)

/** The spec of a RouteRule of 2017 (Pilot's ValidateRouteRule, without its bugs: docs/spec/C.md). */
export const routeRuleSpec: Codec<RouteRuleSpec> = checked(
  struct<RouteRuleSpec>('spec', {
    destination: unlabelledService,
    precedence: optional(precedence),
    match: optional(ruleMatch),
    route: optional(checked(listOf('route', weighted), weightsOf)),
    redirect: optional(target('redirect')),
    rewrite: optional(target('rewrite')),
    websocketUpgrade: optional(truth),
    httpReqTimeout: optional(timeout),
    httpReqRetries: optional(retries),
    httpFault: optional(httpFault),
    l4Fault: optional(json),
    mirror: optional(istioService),
    corsPolicy: optional(corsPolicy),
    appendHeaders: optional(mapOf('appendHeaders', appendHeaderName, headerValue)),
  }),
  (spec) => [...besideRedirect(spec), ...l4FaultOf(spec)],
)

const besideRedirect = (spec: RouteRuleSpec): readonly Finding[] => {
  if (spec.redirect === undefined) return []
  const excluded = ['route', 'httpFault', 'rewrite', 'websocketUpgrade'] as const
  return excluded
    .filter((key) => (key === 'route' ? (spec.route?.length ?? 0) > 0 : spec[key]))
    .map((key) => ({
      code: problemCodes.excluded,
      message: `A redirect answers by itself and excludes ${key}.`,
      path: [key],
    }))
}

const l4FaultOf = ({ l4Fault }: RouteRuleSpec): readonly Finding[] =>
  l4Fault === undefined
    ? []
    : [
        {
          code: problemCodes.notExpressible,
          message: 'l4Fault is not expressible in Envoy, which injects faults into HTTP only; use httpFault.',
          path: ['l4Fault'],
        },
      ]
