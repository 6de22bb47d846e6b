import { durationMs } from '../model/duration.ts'
import type {
  HttpMatchRequest,
  IstioDestination,
  IstioFault,
  IstioHttpRoute,
  IstioStringMatch,
} from '../model/istio/virtualService.ts'
import type {
  DestinationWeight,
  HttpFault,
  IstioService,
  RouteRuleSpec,
  StringMatch,
} from '../model/routeRule.ts'
import { type Lose, loseOthers } from './loss.ts'

/** The service and labels of 2017 for a destination of Istio's; `undefined` where 2017 has no words for it. */
export type ToService = (
  destination: IstioDestination,
  path: string,
) => { readonly destination?: IstioService; readonly labels?: Readonly<Record<string, string>> } | undefined

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
  const action = actionOf(route, path, to, lose)
  if (action === undefined) return []
  loseOthers(route, known, path, lose)
  const matches = route.match === undefined || route.match.length === 0 ? [{}] : route.match
  return matches.flatMap((match, i) => {
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

const matchOf = (
  match: HttpMatchRequest,
  path: string,
  { rewrite }: IstioHttpRoute,
  lose: Lose,
): Readonly<Record<string, StringMatch>> | undefined => {
  const missing: string[] = unasked.filter(
    (key) => Object.keys(match[key] ?? {}).length > 0 || match[key] !== undefined,
  )
  if (match.gateways !== undefined && !match.gateways.includes('mesh')) missing.push('gateways')
  // A rewrite replaces the prefix that matched, and of a regex the whole path.
  if (match.ignoreUriCase === true && match.uri?.prefix !== undefined && rewrite?.uri !== undefined)
    missing.push('ignoreUriCase')
  for (const key of missing) lose(`${path}/${key}`, 'no rule of 2017 asks for that: this match is left out')
  if (missing.length > 0) return undefined
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

const actionOf = (
  route: IstioHttpRoute,
  path: string,
  to: ToService,
  lose: Lose,
): Omit<RouteRuleSpec, 'destination' | 'precedence' | 'match'> | undefined => {
  const fault = route.fault && faultOf(route.fault, `${path}/fault`, lose)
  const cors = route.corsPolicy && corsOf(route.corsPolicy, `${path}/corsPolicy`, lose)
  if (route.redirect !== undefined) {
    const { uri, authority, redirectCode } = route.redirect
    loseOthers(
      route.redirect,
      ['uri', 'authority', ...(redirectCode === undefined || redirectCode === 301 ? ['redirectCode'] : [])],
      `${path}/redirect`,
      lose,
    )
    if (uri === undefined && authority === undefined) {
      lose(`${path}/redirect`, 'a redirect of 2017 has a path or an authority: the route is left out')
      return undefined
    }
    return {
      redirect: { ...(uri === undefined ? {} : { uri }), ...(authority === undefined ? {} : { authority }) },
      ...(fault && { httpFault: fault }),
      ...(cors && { corsPolicy: cors }),
    }
  }
  const destinations = weightsOf(route.route ?? [], `${path}/route`, to, lose)
  if (destinations === undefined) return undefined
  const rewrite = rewriteOf(route, path, lose)
  const mirror = mirrorOf(route, path, to, lose)
  const added = headersOf(route, path, lose)
  const { attempts = 0, perTryTimeout } = route.retries ?? {}
  loseOthers(
    route.retries,
    [
      'attempts',
      'perTryTimeout',
      ...(route.retries?.retryOn === '5xx,connect-failure,refused-stream' ? ['retryOn'] : []),
    ],
    `${path}/retries`,
    lose,
  )
  return {
    route: destinations,
    ...(rewrite && { rewrite }),
    websocketUpgrade: true,
    httpReqTimeout: { simpleTimeout: { timeout: timeoutOf(route) } },
    ...(attempts === 0
      ? {}
      : {
          httpReqRetries: {
            simpleRetry: { attempts, ...(perTryTimeout === undefined ? {} : { perTryTimeout }) },
          },
        }),
    ...(fault && { httpFault: fault }),
    ...(mirror && { mirror }),
    ...(cors && { corsPolicy: cors }),
    ...(added && { appendHeaders: added }),
  }
}

// Without a word Istio waits for ever and 2017 for 15 s; 2017 has no zero.
const timeoutOf = ({ timeout = '0s' }: IstioHttpRoute): string =>
  durationMs(timeout) === 0 ? aYear : timeout

const aYear = '8760h'

const weightsOf = (
  route: NonNullable<IstioHttpRoute['route']>,
  path: string,
  to: ToService,
  lose: Lose,
): readonly DestinationWeight[] | undefined => {
  const found = route.map((one, i) => {
    loseOthers(one, ['destination', 'weight'], `${path}/${i}`, lose)
    return to(one.destination, `${path}/${i}/destination`)
  })
  const all = found.filter((one) => one !== undefined)
  if (all.length < found.length) return undefined
  if (all.length === 1) return all
  const sum = route.reduce((total, { weight = 0 }) => total + weight, 0)
  const exact = route.map(({ weight = 0 }) => (weight * 100) / sum)
  const whole = exact.map(Math.floor)
  // What is missing to 100 goes to the largest.
  const largest = exact.indexOf(Math.max(...exact))
  whole[largest] = (whole[largest] ?? 0) + 100 - whole.reduce((total, one) => total + one, 0)
  if (exact.some((one, i) => one !== whole[i]))
    lose(path, `weights are whole percents in 2017: ${whole.join(', ')}`)
  return all.map((one, i) => ({ ...one, weight: whole[i] ?? 0 }))
}

const rewriteOf = (route: IstioHttpRoute, path: string, lose: Lose): RouteRuleSpec['rewrite'] => {
  loseOthers(route.rewrite, ['uri', 'authority'], `${path}/rewrite`, lose)
  const set = Object.entries(route.headers?.request?.set ?? {}).find(([name]) => isAuthority(name))?.[1]
  const uri = route.rewrite?.uri
  const authority = route.rewrite?.authority ?? set
  if (uri === undefined && authority === undefined) return undefined
  return { ...(uri === undefined ? {} : { uri }), ...(authority === undefined ? {} : { authority }) }
}

const isAuthority = (name: string): boolean => ['host', ':authority'].includes(name.toLowerCase())

const faultOf = ({ delay, abort }: IstioFault, path: string, lose: Lose): HttpFault | undefined => {
  loseOthers(delay, ['percentage', 'percent', 'fixedDelay'], `${path}/delay`, lose)
  loseOthers(abort, ['percentage', 'percent', 'httpStatus'], `${path}/abort`, lose)
  const share = (one: NonNullable<IstioFault['delay'] | IstioFault['abort']>) => {
    const percent = one.percentage === undefined ? one.percent : (one.percentage.value ?? 0)
    return percent === undefined ? {} : { percent }
  }
  const made = {
    ...(delay?.fixedDelay === undefined ? {} : { delay: { ...share(delay), fixedDelay: delay.fixedDelay } }),
    ...(abort?.httpStatus === undefined ? {} : { abort: { ...share(abort), httpStatus: abort.httpStatus } }),
  }
  return Object.keys(made).length === 0 ? undefined : made
}

const mirrorOf = (
  route: IstioHttpRoute,
  path: string,
  to: ToService,
  lose: Lose,
): IstioService | undefined => {
  const share =
    route.mirrorPercentage === undefined ? route.mirrorPercent : (route.mirrorPercentage.value ?? 0)
  const [first, ...more] = route.mirrors ?? []
  const field = route.mirror === undefined ? `${path}/mirrors` : `${path}/mirror`
  const percent = route.mirror === undefined ? first?.percentage?.value : share
  if (percent !== undefined && percent !== 100) {
    lose(field, 'a mirror of 2017 gets every request: it is left out')
    return undefined
  }
  if (more.length > 0) lose(field, 'a rule of 2017 has one mirror: the others are left out')
  const destination = route.mirror ?? first?.destination
  const found = destination && to(destination, field)
  return found && { ...found.destination, ...(found.labels === undefined ? {} : { labels: found.labels }) }
}

const corsOf = (
  cors: NonNullable<IstioHttpRoute['corsPolicy']>,
  path: string,
  lose: Lose,
): RouteRuleSpec['corsPolicy'] => {
  const exact = (cors.allowOrigins ?? []).flatMap(({ exact: origin }, i) => {
    if (origin === undefined)
      lose(`${path}/allowOrigins/${i}`, 'origins of 2017 are exact: this one is left out')
    return origin ?? []
  })
  loseOthers(
    cors,
    [
      'allowOrigins',
      'allowOrigin',
      'allowMethods',
      'allowHeaders',
      'exposeHeaders',
      'maxAge',
      'allowCredentials',
    ],
    path,
    lose,
  )
  const { allowOrigins: _, unmatchedPreflights: __, ...rest } = cors
  return { ...rest, allowOrigin: [...(cors.allowOrigin ?? []), ...exact] }
}

const headersOf = (
  { headers }: IstioHttpRoute,
  path: string,
  lose: Lose,
): Readonly<Record<string, string>> | undefined => {
  loseOthers(headers, ['request'], `${path}/headers`, lose)
  const request = headers?.request
  loseOthers(request, ['add', 'set'], `${path}/headers/request`, lose)
  for (const name of Object.keys(request?.set ?? {}))
    if (!isAuthority(name))
      lose(`${path}/headers/request/set/${name}`, 'headers of 2017 are appended, not set')
  const added = Object.entries(request?.add ?? {}).flatMap(([name, value]) => {
    if (!/%[^%]/.test(value.replaceAll('%%', '')))
      return [[name.toLowerCase(), value.replaceAll('%%', '%')] as const]
    lose(`${path}/headers/request/add/${name}`, 'headers of 2017 have no variables')
    return []
  })
  return added.length === 0 ? undefined : Object.fromEntries(added)
}
