import type { Diagnostic } from '../model/diagnostic.ts'
import type { RouteRuleSpec } from '../model/routeRule.ts'

/** What of a RouteRule Envoy cannot do. */
export type RuleLimits = {
  readonly diagnostics: readonly Diagnostic[]
  /** It holds a condition that cannot be checked of requests, so that it must take none. */
  readonly unmatchable: boolean
}

/** The parts of `spec` without effect, each with its reason. */
export const ruleLimits = (spec: RouteRuleSpec): RuleLimits => {
  const unmatchable = spec.match?.tcp !== undefined || spec.match?.udp !== undefined
  return {
    unmatchable,
    diagnostics: [
      ...(unmatchable ? [connectionMatch(spec.match?.tcp === undefined ? 'udp' : 'tcp')] : []),
      ...withoutEffect(spec),
      ...unmatchablePath(spec),
      ...joinedRewrite(spec),
    ],
  }
}

/** False for the headers that Envoy lets nobody append to: pseudo-headers and `host`. */
export const isAppendable = (name: string): boolean => !name.startsWith(':') && name !== 'host'

/** It is not for a rule of both: a connection is routed before there are requests. */
export const connectionMatch = (layer: 'tcp' | 'udp'): Diagnostic => ({
  code: 'RUT2010',
  severity: 'warning',
  path: `/spec/match/${layer}`,
  message: `A route of requests cannot look at ${layer} addresses, so this rule takes no request. Remove match.${layer}, or match by source or by request.`,
})

const withoutEffect = (spec: RouteRuleSpec): readonly Diagnostic[] => {
  const timeout = spec.httpReqTimeout?.simpleTimeout
  const retry = spec.httpReqRetries?.simpleRetry
  const { delay, abort } = spec.httpFault ?? {}
  const found: readonly (readonly [value: unknown, path: string, why: string])[] = [
    [
      timeout?.overrideHeaderName,
      'httpReqTimeout/simpleTimeout/overrideHeaderName',
      'Envoy always reads x-envoy-upstream-rq-timeout-ms.',
    ],
    [
      retry?.overrideHeaderName,
      'httpReqRetries/simpleRetry/overrideHeaderName',
      'Envoy always reads x-envoy-max-retries.',
    ],
    [delay?.exponentialDelay, 'httpFault/delay/exponentialDelay', 'Envoy only has fixed delays.'],
    [abort?.grpcStatus, 'httpFault/abort/grpcStatus', 'Only httpStatus can be injected.'],
    [abort?.http2Error, 'httpFault/abort/http2Error', 'Only httpStatus can be injected.'],
    [spec.redirect && spec.corsPolicy, 'corsPolicy', 'Envoy looks at it on routes that forward only.'],
    [spec.l4Fault, 'l4Fault', 'Faults are injected into requests, not connections.'],
  ]
  return found
    .filter(([value]) => value !== undefined)
    .map(([, path, why]) => ({
      code: 'RUT2011',
      severity: 'warning',
      path: `/spec/${path}`,
      message: `${path.split('/').at(-1)} has no effect. ${why}`,
    }))
}

const unmatchablePath = (spec: RouteRuleSpec): readonly Diagnostic[] => {
  const uri = spec.match?.request?.headers?.['uri']
  const literal = uri?.exact ?? uri?.prefix
  if (literal === undefined || literal.startsWith('/')) return []
  return [
    {
      code: 'RUT2012',
      severity: 'warning',
      path: '/spec/match/request/headers/uri',
      message: `No path begins with '${literal}': paths begin with '/', so this rule takes no request.`,
    },
  ]
}

// Envoy replaces exactly what matched, which here is the leading slash.
const joinedRewrite = (spec: RouteRuleSpec): readonly Diagnostic[] => {
  const rewritten = spec.rewrite?.uri
  const uri = spec.match?.request?.headers?.['uri']
  const matched = uri === undefined ? '/' : uri.prefix
  if (!rewritten || matched === undefined || !matched.endsWith('/') || rewritten.endsWith('/')) return []
  return [
    {
      code: 'RUT2014',
      severity: 'info',
      path: '/spec/rewrite/uri',
      message: `'${matched}' is what is replaced, its last slash included: '${matched}a' becomes '${rewritten}a'. End the rewrite with '/' to keep them apart.`,
    },
  ]
}
