import type { HttpMatchRequest, IstioHttpRoute, IstioStringMatch } from '../model/istio/virtualService.ts'
import type { RouteRuleSpec, StringMatch } from '../model/routeRule.ts'
import { actionOfRoute, type ToService } from './actionOfRoute.ts'
import { type Lose, loseOthers } from './loss.ts'

/** A route of a VirtualService as rules of 2017, one for each of its matches, without destination and precedence. What
 *  2017 cannot ask for is left out whole: without that it would take more than it should. */
export const rulesOfRoute = (
  route: IstioHttpRoute,
  path: string,
  to: ToService,
  lose: Lose,
): readonly Omit<RouteRuleSpec, 'destination' | 'precedence'>[] => {
  const unsaid = (['directResponse', 'delegate'] as const).filter((key) => route[key] !== undefined)
  for (const key of unsaid) lose(`${path}/${key}`, 'no rule of 2017 does that: the route is left out')
  if (unsaid.length > 0) return []
  const action = actionOfRoute(route, path, to, lose)
  if (action === undefined) return []
  loseOthers(route, known, path, lose)
  const matches = route.match === undefined || route.match.length === 0 ? [{}] : route.match
  return matches.flatMap((match, i) => {
    // Of no request within the mesh.
    if (match.gateways !== undefined && match.gateways.length > 0 && !match.gateways.includes('mesh'))
      return []
    const asked = matchOf(match, `${path}/match/${i}`, route, lose)
    if (asked === undefined) return []
    return [
      { ...(Object.keys(asked).length === 0 ? {} : { match: { request: { headers: asked } } }), ...action },
    ]
  })
}

const known = [
  'name',
  'match',
  'route',
  'redirect',
  'rewrite',
  'timeout',
  'retries',
  'fault',
  'mirror',
  'mirrors',
  'mirrorPercent',
  'mirrorPercentage',
  'corsPolicy',
  'headers',
]

const unasked = [
  'withoutHeaders',
  'queryParams',
  'port',
  'sourceLabels',
  'sourceNamespace',
] as const satisfies readonly (keyof HttpMatchRequest)[]

/** What `match` asks of requests, by the names that 2017 gives to it; `undefined` where 2017 cannot ask for all of it, which
 *  is told. */
export const matchOf = (
  match: HttpMatchRequest,
  path: string,
  { rewrite }: IstioHttpRoute,
  lose: Lose,
): Readonly<Record<string, StringMatch>> | undefined => {
  const missing: string[] = unasked.filter((key) => match[key] !== undefined)
  // A rewrite replaces the prefix that matched, and of a regex the whole path.
  if (match.ignoreUriCase === true && match.uri?.prefix !== undefined && rewrite?.uri !== undefined)
    missing.push('ignoreUriCase')
  for (const key of missing) lose(`${path}/${key}`, 'no rule of 2017 asks for that: this match is left out')
  if (missing.length > 0) return undefined
  if (match.statPrefix !== undefined) lose(`${path}/statPrefix`, 'routes of 2017 are not counted apart')
  const headers = Object.entries(match.headers ?? {}).map(
    ([name, text]) => [name.toLowerCase(), textOf(text)] as const,
  )
  const uri = match.uri && (match.ignoreUriCase === true ? anyCase(match.uri) : textOf(match.uri))
  return Object.fromEntries([
    ...(uri ? [['uri', uri] as const] : []),
    ...(['method', 'authority', 'scheme'] as const).flatMap((key) => {
      const text = match[key]
      return text === undefined ? [] : [[key, textOf(text)] as const]
    }),
    ...headers,
  ])
}

const textOf = ({ exact, prefix, regex }: IstioStringMatch): StringMatch => {
  if (exact !== undefined) return exact === '' ? { regex: '' } : { exact }
  if (prefix !== undefined) return prefix === '' ? { regex: '.*' } : { prefix }
  // Without a text, or by Istio's `*`, a header must only be there.
  return { regex: regex === undefined || regex === '*' ? '.*' : regex }
}

const anyCase = ({ exact, prefix, regex }: IstioStringMatch): StringMatch => {
  if (exact !== undefined) return { regex: `(?i)${quoted(exact)}` }
  if (prefix !== undefined) return { regex: `(?i)${quoted(prefix)}.*` }
  return { regex: regex ?? '.*' }
}

const quoted = (text: string): string => text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&')
