import type { Resource } from '../../src/model/resource.ts'
import type { RouteRuleSpec, RuleMatch, StringMatch } from '../../src/model/routeRule.ts'
import { routeRule } from '../reducers/given.ts'
import type { Draw } from './draw.ts'
import { headerValues, paths } from './randomRequest.ts'
import { randomTextMatch } from './randomTextMatch.ts'

/** Rules of one dialect for the service called `service`; other services may be named too. */
export type RandomRules = (draw: Draw, service: string, others: readonly string[]) => Resource[]

/** One to six RouteRules of 2017 with any of their fields that requests can tell apart. */
export const randomRouteRules: RandomRules = (draw, service, others) =>
  Array.from({ length: draw.whole(1, 6) }, (_, i) =>
    routeRule(`${service}-${i}`, {
      destination: { name: service },
      precedence: draw.whole(0, 3),
      ...(draw.chance(0.85) ? { match: randomMatch(draw) } : {}),
      ...action(draw, others),
      ...(draw.chance(0.2) ? { httpFault: fault(draw) } : {}),
      ...(draw.chance(0.1) ? { corsPolicy: { allowOrigin: [draw.one(['http://a.test', '*'])] } } : {}),
      ...(draw.chance(0.1) ? { websocketUpgrade: true } : {}),
      ...(draw.chance(0.1) ? { mirror: { name: service, labels: { version: 'v1' } } } : {}),
      ...(draw.chance(0.1) ? { appendHeaders: { 'x-appended': '50% of %PROTOCOL%' } } : {}),
    }),
  )

/** Conditions on a request, about as often met as not. */
export const randomMatch = (draw: Draw): RuleMatch => {
  const headers: Record<string, StringMatch> = {}
  if (draw.chance(0.6))
    headers['uri'] = text(
      draw,
      paths.filter((path) => !path.includes('?')),
    )
  if (draw.chance(0.15)) headers['method'] = text(draw, ['GET', 'POST', 'OPTIONS'])
  if (draw.chance(0.1)) headers['authority'] = { prefix: draw.one(['s', 's1', 'other']) }
  if (draw.chance(0.05)) headers['scheme'] = { exact: draw.one(['http', 'https']) }
  for (const name of draw.some(Object.keys(headerValues), 0, 2))
    headers[name] = text(draw, headerValues[name] ?? [])
  return { request: { headers } }
}

const text = (draw: Draw, values: readonly string[]): StringMatch => randomTextMatch(draw, values, regexes)

const regexes = (plain: string): readonly string[] => [`(${plain}|/other)`, '/[a-z]+(/.*)?', '[^x]*']

const action = (draw: Draw, others: readonly string[]): Partial<RouteRuleSpec> => {
  if (draw.chance(0.12)) return { redirect: target(draw) }
  return {
    ...(draw.chance(0.8) ? { route: split(draw, others) } : {}),
    ...(draw.chance(0.4) ? { rewrite: target(draw) } : {}),
  }
}

const target = (draw: Draw): { readonly uri?: string; readonly authority?: string } => {
  const uri = { uri: draw.one(['/', '/new', '/new/', '/a/b']) }
  const authority = { authority: draw.one(['elsewhere', 'elsewhere:8080']) }
  return draw.one([uri, authority, { ...uri, ...authority }])
}

const split = (draw: Draw, others: readonly string[]): NonNullable<RouteRuleSpec['route']> => {
  const versions = ['v1', 'v2', 'v3'].map((version) => ({ labels: { version } }))
  if (draw.chance(0.5))
    return [draw.chance(0.3) ? { destination: { name: draw.one(others) } } : draw.one(versions)]
  const first = draw.one([0, 1, 50, 90, 100])
  return [
    { ...draw.one(versions), weight: first },
    { ...draw.one(versions), weight: 100 - first },
  ]
}

const fault = (draw: Draw): NonNullable<RouteRuleSpec['httpFault']> => ({
  ...(draw.chance(0.5)
    ? { abort: { percent: draw.one([0, 0.5, 50, 100, 100]), httpStatus: draw.one([418, 503, 555]) } }
    : {}),
  ...(draw.chance(0.5) ? { delay: { percent: draw.one([50, 100]), fixedDelay: '1ms' } } : {}),
})
