import type { HttpMatchRequest, IstioDestination, IstioHttpRoute } from '../model/istio/virtualService.ts'
import type { Resource } from '../model/resource.ts'
import { type IstioService, type RouteRuleSpec, requestFields } from '../model/routeRule.ts'
import { type Lose, loseOthers } from './loss.ts'

/** The destination of Istio's for a service of 2017 and labels. */
export type ToDestination = (
  to: IstioService | undefined,
  labels: Readonly<Record<string, string>> | undefined,
) => IstioDestination

/** A RouteRule as a route of a VirtualService; `undefined` where it asks for what a VirtualService cannot ask: without
 *  that it would take more than it should. */
export const routeOfRule = (
  { metadata, spec }: Resource<'RouteRule'>,
  to: ToDestination,
  lose: Lose,
): IstioHttpRoute | undefined => {
  const match = matchOf(spec, lose)
  if (match === undefined) return undefined
  loseOthers(spec, known, '/spec', lose)
  const { httpReqTimeout, httpReqRetries, httpFault, rewrite, corsPolicy, appendHeaders } = spec
  loseOthers(httpReqTimeout?.simpleTimeout, ['timeout'], '/spec/httpReqTimeout/simpleTimeout', lose)
  loseOthers(
    httpReqRetries?.simpleRetry,
    ['attempts', 'perTryTimeout'],
    '/spec/httpReqRetries/simpleRetry',
    lose,
  )
  const fault = httpFault && faultOf(httpFault, lose)
  const common = {
    name: metadata.name,
    ...(Object.keys(match).length === 0 ? {} : { match: [match] }),
    ...(fault && { fault }),
    ...(corsPolicy && { corsPolicy }),
  }
  if (spec.redirect !== undefined) return { ...common, redirect: spec.redirect }
  const { attempts = 0, perTryTimeout } = httpReqRetries?.simpleRetry ?? {}
  return {
    ...common,
    route: destinationsOf(spec, to),
    ...(rewrite && { rewrite }),
    // What a rule of 2017 does not say has the defaults of 2017.
    timeout: httpReqTimeout?.simpleTimeout?.timeout ?? '15s',
    retries:
      attempts === 0
        ? { attempts: 0 }
        : {
            attempts,
            ...(perTryTimeout === undefined ? {} : { perTryTimeout }),
            retryOn: '5xx,connect-failure,refused-stream',
          },
    ...(spec.mirror === undefined ? {} : { mirror: to(spec.mirror, spec.mirror.labels) }),
    ...(appendHeaders && { headers: { request: { add: escaped(appendHeaders) } } }),
  }
}

const known: readonly string[] = ['destination', 'precedence', 'match', 'route', ...requestFields]

const matchOf = ({ match = {} }: RouteRuleSpec, lose: Lose): HttpMatchRequest | undefined => {
  const unsaid = (['source', 'tcp', 'udp'] as const).filter((key) => match[key] !== undefined)
  for (const key of unsaid)
    lose(
      `/spec/match/${key}`,
      key === 'source'
        ? 'a VirtualService asks for labels and namespace of callers, not for their service: the rule is left out'
        : key === 'tcp' && match.request === undefined
          ? 'rules for connections are not converted: the rule is left out'
          : 'a route of requests cannot look at addresses: the rule, which takes nothing, is left out',
    )
  if (unsaid.length > 0) return undefined
  const { uri, method, authority, scheme, ...headers } = match.request?.headers ?? {}
  return {
    ...(uri && { uri }),
    ...(method && { method }),
    ...(authority && { authority }),
    ...(scheme && { scheme }),
    ...(Object.keys(headers).length === 0 ? {} : { headers }),
  }
}

const destinationsOf = (
  { route = [], destination }: RouteRuleSpec,
  to: ToDestination,
): NonNullable<IstioHttpRoute['route']> => {
  if (route.length === 0) return [{ destination: to(destination, undefined) }]
  return route.map((one) => ({
    destination: to(one.destination ?? destination, one.labels ?? one.destination?.labels),
    ...(route.length === 1 ? {} : { weight: one.weight ?? 0 }),
  }))
}

const faultOf = (
  { delay, abort }: NonNullable<RouteRuleSpec['httpFault']>,
  lose: Lose,
): IstioHttpRoute['fault'] => {
  loseOthers(delay, ['percent', 'fixedDelay'], '/spec/httpFault/delay', lose)
  loseOthers(abort, ['percent', 'httpStatus'], '/spec/httpFault/abort', lose)
  const share = ({ percent }: { readonly percent?: number }) =>
    percent === undefined ? {} : { percentage: { value: percent } }
  const made = {
    ...(delay?.fixedDelay === undefined ? {} : { delay: { ...share(delay), fixedDelay: delay.fixedDelay } }),
    ...(abort?.httpStatus === undefined ? {} : { abort: { ...share(abort), httpStatus: abort.httpStatus } }),
  }
  return Object.keys(made).length === 0 ? undefined : made
}

// A `%` begins a variable in a VirtualService, and none in 2017.
const escaped = (headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.replaceAll('%', '%%')]))
