import type { IstioDestination, IstioFault, IstioHttpRoute } from '../model/istio/virtualService.ts'
import { pointerStep } from '../model/pointerStep.ts'
import type { DestinationWeight, HttpFault, IstioService, RouteRuleSpec } from '../model/routeRule.ts'
import { type Lose, loseOthers } from './loss.ts'

/** The service and labels of 2017 for a destination of Istio's; `undefined` where 2017 has no words for it. */
export type ToService = (
  destination: IstioDestination,
  path: string,
) => { readonly destination?: IstioService; readonly labels?: Readonly<Record<string, string>> } | undefined

/** What a route does with its requests, in the words of 2017; `undefined` where they would be sent elsewhere: the route is
 *  then left out. */
export const actionOfRoute = (
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
    // Without a word Istio waits for ever, and 2017 for 15 s.
    httpReqTimeout: { simpleTimeout: { timeout: route.timeout ?? '0s' } },
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
      lose(`${path}/headers/request/set${pointerStep(name)}`, 'headers of 2017 are appended, not set')
  const added = Object.entries(request?.add ?? {}).flatMap(([name, value]) => {
    if (!/%[^%]/.test(value.replaceAll('%%', '')))
      return [[name.toLowerCase(), value.replaceAll('%%', '%')] as const]
    lose(`${path}/headers/request/add${pointerStep(name)}`, 'headers of 2017 have no variables')
    return []
  })
  return added.length === 0 ? undefined : Object.fromEntries(added)
}
