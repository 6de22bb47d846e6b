import type {
  HttpMatchRequest,
  HttpRouteDestination,
  IstioFault,
  IstioHttpRoute,
  IstioRedirect,
  IstioStringMatch,
} from '../../src/model/istio/virtualService.ts'
import type { Resource } from '../../src/model/resource.ts'
import { istio } from '../projections/istio/following.ts'
import type { Draw } from './draw.ts'
import { headerValues, paths } from './randomRequest.ts'
import type { RandomRules } from './randomRules.ts'
import { peculiarRegexes, randomTextMatch } from './randomTextMatch.ts'

/** A VirtualService of Istio for `service`, perhaps a second one, what they delegate to, and the subsets v1 and v2;
 *  with any of their fields that requests can tell apart. */
export const randomVirtualServices: RandomRules = (draw, service, others) => {
  const delegate = draw.chance(0.3) ? `${service}-delegate` : undefined
  const rule = (name: string, hosts: readonly string[]) =>
    istio('VirtualService', name, {
      hosts,
      ...(draw.chance(0.2) ? { gateways: draw.one([['mesh'], ['mesh', 'edge'], ['edge']]) } : {}),
      ...(draw.chance(0.1) ? { exportTo: [draw.one(['.', '*', 'default', 'other'])] } : {}),
      http: randomHttpRoutes(draw, service, others, delegate),
    })
  const full = `${service}.default.svc.cluster.local`
  return [
    istio('DestinationRule', service, {
      host: service,
      subsets: ['v1', 'v2'].map((version) => ({ name: version, labels: { version } })),
    }),
    rule(service, [draw.one([service, full])]),
    ...(draw.chance(0.1) ? [rule(`${service}-second`, [full])] : []),
    ...(delegate === undefined
      ? []
      : [istio('VirtualService', delegate, { http: randomHttpRoutes(draw, service, others) })]),
  ] satisfies Resource[]
}

/** One to five routes of requests for `service`; some of them delegate. */
export const randomHttpRoutes = (
  draw: Draw,
  service: string,
  others: readonly string[],
  delegate?: string,
): readonly IstioHttpRoute[] =>
  Array.from({ length: draw.whole(1, 5) }, (_, i) => route(draw, `r${i}`, service, others, delegate))

const route = (
  draw: Draw,
  name: string,
  service: string,
  others: readonly string[],
  delegate: string | undefined,
): IstioHttpRoute => {
  const match = draw.chance(0.85)
    ? { match: Array.from({ length: draw.whole(1, 3) }, () => randomMatch(draw)) }
    : {}
  const named = draw.chance(0.7) ? { name } : {}
  if (delegate !== undefined && draw.chance(0.5)) return { ...named, ...match, delegate: { name: delegate } }
  return {
    ...named,
    ...match,
    ...action(draw, service, others),
    ...(draw.chance(0.2) ? { fault: fault(draw) } : {}),
    ...(draw.chance(0.15) ? { corsPolicy: cors(draw) } : {}),
    ...(draw.chance(0.1) ? { mirror: { host: service, subset: 'v1' } } : {}),
    ...(draw.chance(0.1) ? { timeout: '7s', retries: { attempts: draw.one([0, 3]) } } : {}),
  }
}

const randomMatch = (draw: Draw): HttpMatchRequest => ({
  ...(draw.chance(0.2) ? { name: 'm' } : {}),
  ...(draw.chance(0.6)
    ? { uri: text(draw, bare), ...(draw.chance(0.25) ? { ignoreUriCase: true } : {}) }
    : {}),
  ...(draw.chance(0.15) ? { method: text(draw, ['GET', 'POST', 'OPTIONS']) } : {}),
  ...(draw.chance(0.1) ? { authority: { prefix: draw.one(['s', 's1', 'S', 'other']) } } : {}),
  ...(draw.chance(0.05) ? { scheme: { exact: draw.one(['http', 'https']) } } : {}),
  ...(draw.chance(0.35) ? { headers: headers(draw) } : {}),
  ...(draw.chance(0.2) ? { withoutHeaders: headers(draw) } : {}),
  ...(draw.chance(0.25) ? { queryParams: { [draw.one(['q', 'r', 'Q', 'full'])]: query(draw) } } : {}),
  ...(draw.chance(0.1) ? { port: draw.one([9080, 80, 7]) } : {}),
  ...(draw.chance(0.05) ? { gateways: [draw.one(['mesh', 'edge'])] } : {}),
  ...(draw.chance(0.05) ? { sourceLabels: { app: draw.one(['caller', 'other']) } } : {}),
  ...(draw.chance(0.05) ? { sourceNamespace: draw.one(['default', 'other']) } : {}),
})

const bare = paths.map((path) => path.replace(/\?.*/, ''))

const headers = (draw: Draw): Readonly<Record<string, IstioStringMatch>> =>
  Object.fromEntries(
    draw
      .some(Object.keys(headerValues), 1, 2)
      .map((name) => [
        draw.chance(0.2) ? name.toUpperCase() : name,
        draw.chance(0.2) ? {} : text(draw, headerValues[name] ?? []),
      ]),
  )

const query = (draw: Draw): IstioStringMatch =>
  draw.chance(0.15) ? draw.one([{}, { regex: '*' }]) : text(draw, ['1', '2', 'x y', 'x%20y', 'a=b', 'true'])

const text = (draw: Draw, values: readonly string[]): IstioStringMatch =>
  randomTextMatch(draw, values, regexes)

const regexes = (plain: string): readonly string[] => [
  `^${plain}$`,
  '[^x]*',
  '/[a-z]+(/.*)?',
  '(?i:/a).*',
  '\\d+',
  '.{0,3}',
  '(?s).*',
  ...peculiarRegexes,
]

const action = (draw: Draw, service: string, others: readonly string[]): Partial<IstioHttpRoute> => {
  const kind = draw.one(['route', 'route', 'route', 'route', 'redirect', 'directResponse'] as const)
  if (kind === 'redirect') return { redirect: redirect(draw) }
  if (kind === 'directResponse')
    return { directResponse: { status: draw.one([200, 204, 404, 503]), body: { string: 'here' } } }
  return {
    route: destinations(draw, service, others),
    ...(draw.chance(0.4) ? { rewrite: rewrite(draw) } : {}),
    ...(draw.chance(0.1)
      ? { headers: { request: { set: { [draw.one(['Host', ':authority', 'x-set'])]: 'put' } } } }
      : {}),
  }
}

const rewrite = (draw: Draw): NonNullable<IstioHttpRoute['rewrite']> =>
  draw.one([
    { uri: draw.one(['/', '/new', '/new/', '/a/b']) },
    { authority: draw.one(['elsewhere', 'elsewhere:8080']) },
    { uri: '/both', authority: 'elsewhere' },
    {
      uriRegexRewrite: draw.one([
        { match: '^/([a-z]+)', rewrite: '/<\\1>' },
        { match: '/', rewrite: '//' },
        { match: '(.)b', rewrite: '\\1\\1' },
        { match: '^.*$', rewrite: '/whole' },
      ]),
    },
  ])

const redirect = (draw: Draw): IstioRedirect => ({
  ...draw.one<IstioRedirect>([{}, { uri: '/here' }, { uri: '/here?x=1' }, { prefixRewrite: '/there' }]),
  ...draw.one([{}, { authority: 'there' }, { authority: 'there:81' }]),
  ...draw.one([{}, { scheme: 'https' }]),
  ...draw.one<IstioRedirect>([
    {},
    {},
    { port: 8443 },
    { derivePort: 'FROM_REQUEST_PORT' },
    { derivePort: 'FROM_PROTOCOL_DEFAULT' },
  ]),
  ...draw.one([{}, { redirectCode: 302 }, { redirectCode: 308 }]),
})

const destinations = (
  draw: Draw,
  service: string,
  others: readonly string[],
): readonly HttpRouteDestination[] => {
  const one = (): HttpRouteDestination => ({
    destination: {
      host: draw.chance(0.2) ? draw.one(others) : service,
      ...(draw.chance(0.6) ? { subset: draw.one(['v1', 'v2', 'v3']) } : {}),
      ...(draw.chance(0.4) ? { port: { number: draw.one([9080, 9080, 80, 7]) } } : {}),
    },
  })
  if (draw.chance(0.6)) return [one()]
  const weights = draw.one([
    [1, 99],
    [0, 5],
    [50, 50],
    [100, 0],
    [1, 2, 3],
  ])
  return weights.map((weight) => ({ ...one(), weight }))
}

const fault = (draw: Draw): IstioFault => {
  const percentage = { value: draw.one([0, 0.5, 50, 100, 100, 100]) }
  const abort = draw.one<NonNullable<IstioFault['abort']>>([
    { percentage, httpStatus: 418 },
    { percentage, httpStatus: 555 },
    { httpStatus: 503 },
    { percentage, grpcStatus: 'UNAVAILABLE' },
  ])
  return { abort, ...(draw.chance(0.3) ? { delay: { percentage, fixedDelay: '1ms' } } : {}) }
}

const cors = (draw: Draw): NonNullable<IstioHttpRoute['corsPolicy']> => ({
  allowOrigins: [
    draw.one([{ exact: 'http://a.test' }, { prefix: 'http://a' }, { regex: 'http://[ab]\\.test' }]),
  ],
  allowMethods: ['GET'],
  ...draw.one([{}, { unmatchedPreflights: 'IGNORE' as const }, { unmatchedPreflights: 'FORWARD' as const }]),
})
