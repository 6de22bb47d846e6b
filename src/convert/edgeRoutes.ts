import { durationMs } from '../model/duration.ts'
import { defaultIngressPort, defaultTlsPort, ingressHost } from '../model/ingressHost.ts'
import type { IngressRuleSpec } from '../model/ingressRule.ts'
import type { HttpMatchRequest, IstioHttpRoute, IstioRedirect } from '../model/istio/virtualService.ts'
import type { Resource } from '../model/resource.ts'
import type { StringMatch } from '../model/routeRule.ts'
import { gatewayOf } from './gatewayPlaces.ts'
import type { Beside } from './gatewaysOfIngressRules.ts'
import { type Lose, loseOthers } from './loss.ts'
import { fullHost, serviceOf } from './ruleHost.ts'
import { matchOf } from './rulesOfRoute.ts'

/** One match of a route at a Gateway, in the words of 2017. */
export type EdgeRoute = {
  /** What is asked of requests, the host among it. */
  readonly headers: Readonly<Record<string, StringMatch>>
  readonly takesAll: boolean
  /** `none`: what it takes is 404; a number: it is sent to TLS at that port. */
  readonly to: Pick<IngressRuleSpec, 'destination' | 'destinationPort'> | 'none' | number
  /** JSON pointer of its route. */
  readonly path: string
  readonly lose: Lose
}

/** Where a rule is looked at. */
export type EdgeHost = {
  readonly host: string
  readonly port: number
  /** `namespace/name` of the Gateways by which the rule has the host there. */
  readonly gateways: ReadonlySet<string>
}

/** The routes of `rule` for a host at Gateways, one for each match, as far as an IngressRule can say them. */
export const edgeRoutes = (
  rule: Resource<'VirtualService'>,
  here: EdgeHost,
  beside: Beside,
  lose: Lose,
): readonly EdgeRoute[] =>
  (rule.spec.http ?? []).flatMap((route, i): readonly EdgeRoute[] => {
    const path = `/spec/http/${i}`
    const given = route.match ?? []
    const met = (given.length === 0 ? [{}] : given)
      .map((match, m) => ({ match, at: `${path}/match/${m}` }))
      .filter(({ match }) => isMet(match, rule.metadata.namespace, here))
    const to = met.length === 0 ? undefined : targetOf(route, path, rule, here, beside, lose)
    if (to === undefined) return []
    return met.flatMap(({ match: { port: _, gateways: __, ...match }, at }) => {
      const asked = matchOf(match, at, {}, lose)
      if (asked === undefined) return []
      const headers = withHost(here.host, asked)
      if (headers !== undefined)
        return [{ headers, takesAll: Object.keys(asked).length === 0, to, path, lose }]
      lose(`${at}/authority`, 'the authority of an IngressRule is its host: this match is left out')
      return []
    })
  })

const isMet = ({ port, gateways = [] }: HttpMatchRequest, namespace: string, here: EdgeHost): boolean =>
  (port === undefined || port === here.port) &&
  (gateways.length === 0 || gateways.some((name) => here.gateways.has(gatewayOf(name, namespace))))

/** `asked` of requests for `host`; `undefined` where one authority cannot say both. */
const withHost = (
  host: string,
  asked: Readonly<Record<string, StringMatch>>,
): Readonly<Record<string, StringMatch>> | undefined => {
  const { authority = host === '*' ? undefined : { exact: host } } = asked
  const headers = authority === undefined ? asked : { ...asked, authority }
  const said = ingressHost({ destination: {}, match: { request: { headers } } })
  return said.host === host && said.whole === (asked['authority'] === undefined) ? headers : undefined
}

const targetOf = (
  route: IstioHttpRoute,
  path: string,
  rule: Resource<'VirtualService'>,
  { port }: EdgeHost,
  beside: Beside,
  lose: Lose,
): EdgeRoute['to'] | undefined => {
  const { redirect, directResponse } = route
  if (directResponse?.status === 404 && directResponse.body === undefined) return 'none'
  if (redirect !== undefined && port === defaultIngressPort && isToTls(redirect))
    return redirect.port ?? defaultTlsPort
  const unsaid = (['redirect', 'directResponse', 'delegate'] as const).filter(
    (key) => route[key] !== undefined,
  )
  for (const key of unsaid) lose(`${path}/${key}`, 'no IngressRule does that: the route is left out')
  if (unsaid.length > 0) return undefined
  const [only, ...more] = route.route ?? []
  if (only === undefined || more.length > 0) {
    lose(`${path}/route`, 'an IngressRule leads to one service: the route is left out')
    return undefined
  }
  loseOthers(only, ['destination', 'weight'], `${path}/route/0`, lose)
  loseOthers(
    route,
    [
      'name',
      'match',
      'route',
      // What 2017 does with every request that comes in.
      ...(durationMs(route.timeout ?? '') === 15_000 ? ['timeout'] : []),
      ...((route.retries?.attempts ?? 0) === 0 ? ['retries'] : []),
    ],
    path,
    lose,
    'an IngressRule has no such field',
  )
  if (route.timeout === undefined)
    lose(path, 'without a word of `timeout` Istio waits for ever, and an IngressRule for 15 s')
  return destinationOf(only.destination, `${path}/route/0/destination`, rule, port, beside, lose)
}

/** As IngressRules over TLS send there what comes in plain text. */
const isToTls = ({ scheme, redirectCode = 301, port: _, ...more }: IstioRedirect): boolean =>
  scheme === 'https' && redirectCode === 301 && Object.keys(more).length === 0

const destinationOf = (
  { host, subset, port }: NonNullable<IstioHttpRoute['route']>[number]['destination'],
  path: string,
  { metadata: { namespace } }: Resource<'VirtualService'>,
  askedPort: number,
  { portsOf, hasRules, domain }: Beside,
  lose: Lose,
): EdgeRoute['to'] | undefined => {
  const full = fullHost(host, namespace, domain)
  const destination = serviceOf(full, namespace, domain)
  if (destination === undefined || subset !== undefined) {
    lose(
      `${path}/${subset === undefined ? 'host' : 'subset'}`,
      'an IngressRule leads to a whole service by its name: the route is left out',
    )
    return undefined
  }
  if (hasRules(full)) lose(path, 'its own rules hold behind an IngressRule, and not behind a Gateway')
  const ports = portsOf(full)
  const [first, ...others] = ports ?? []
  const number =
    port?.number ?? (first === undefined ? undefined : others.length === 0 ? first.port : askedPort)
  const found = ports?.find((one) => one.port === number)
  if (number !== undefined && (ports === undefined || (found !== undefined && isByRequest(found))))
    return { destination, destinationPort: number }
  lose(
    port === undefined ? path : `${path}/port`,
    'an IngressRule leads to a port that is routed by request, and no Service among these documents tells which is meant: the route is left out',
  )
  return undefined
}

const isByRequest = ({
  name,
  protocol = name,
}: {
  readonly name: string
  readonly protocol?: string
}): boolean => /^(http|http2|grpc)(-|$)/i.test(protocol)
