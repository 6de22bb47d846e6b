import { defaultIngressPort, defaultTlsPort, ingressPort } from '../model/ingressHost.ts'
import type { Resource } from '../model/resource.ts'
import { sameJson } from '../model/sameJson.ts'
import type { EdgeRoute } from './edgeRoutes.ts'
import { covers, type GatewayPlace, placesOf } from './gatewayPlaces.ts'

/** A route, and the rule that it is of. */
export type HostRoute = EdgeRoute & { readonly rule: Resource<'VirtualService'> }

/** What a host has on a port, in the order in which it is tried, and the server that has it. */
export type HostRoutes = {
  readonly host: string
  readonly port: number
  readonly place: GatewayPlace
  readonly routes: readonly HostRoute[]
}

/** Tells what hosts at Gateways answer, and where they send requests, that the IngressRules made of `found` will not,
 *  or will where they did not; `ingress` stands beside them already. */
export const tellEdgeLosses = (
  places: readonly GatewayPlace[],
  found: readonly HostRoutes[],
  ingress: readonly Resource<'IngressRule'>[],
): void => {
  tellNothings(found)
  tellRedirects(
    places,
    found,
    ingress.some(({ spec }) => spec.tlsSecret !== undefined && ingressPort(spec) === defaultIngressPort),
  )
}

/** What no IngressRule takes is 404: a route that says so is needed no more, unless another would then take it. */
const tellNothings = (found: readonly HostRoutes[]): void => {
  for (const { host, port, routes } of found) {
    const wider = found.some(
      (other) =>
        other.port === port && other.host !== host && covers(other.host, host) && other.routes.length > 0,
    )
    const stays = routes.some(({ to }) => to !== 'none')
    routes.forEach(({ to, path, lose }, i) => {
      const others = routes.slice(i + 1).some((after) => after.to !== 'none')
      if (to === 'none' && (others || (wider && !stays)))
        lose(`${path}/directResponse`, 'no IngressRule answers: another rule has what this route took')
    })
  }
}

/** In 2017 rules over TLS send what they would take there from port 80, behind what is there in plain text; what is sent
 *  more, or less, is told. */
const tellRedirects = (
  places: readonly GatewayPlace[],
  found: readonly HostRoutes[],
  takenByTls: boolean,
): void => {
  const plain = found.filter(({ port, place }) => port === defaultIngressPort && place.secret === undefined)
  const secured = found.filter(
    ({ place, routes }) => place.secret !== undefined && routes.some(({ to }) => typeof to === 'object'),
  )
  // A port of 2017 that has any TLS has no plain text.
  const neverSent = takenByTls || secured.some(({ port }) => port === defaultIngressPort)
  const ofHost = (all: readonly HostRoutes[], host: string) => all.filter((one) => one.host === host)
  for (const { host, port, place, routes } of secured) {
    const whole = routes.some(({ takesAll, to }) => takesAll && typeof to === 'object')
    const own = placesOf(places, host, defaultIngressPort)
    if (own.length > 0 && own.every(({ toTls }) => toTls)) {
      if (!whole || port !== defaultTlsPort)
        place.lose('/tls', 'in 2017 requests in plain text are sent there for what its rules take alone')
      continue
    }
    const at80 = ofHost(plain, host).flatMap((one) => one.routes)
    const sent = at80.filter(({ to }) => to === port)
    const taken = at80.some(({ takesAll, to }) => takesAll && typeof to === 'object')
    const missing = routes.filter(
      ({ to, headers }) => typeof to === 'object' && !sent.some((one) => sameJson(one.headers, headers)),
    )
    if (!taken && !neverSent && missing.length > 0)
      place.lose('/tls', 'in 2017 what comes for it in plain text on port 80 is sent there')
  }
  for (const { host, routes } of plain)
    routes.forEach(({ to, headers, path, lose }, i) => {
      if (typeof to !== 'number') return
      const [only, ...more] = ofHost(secured, host)
      const meant =
        more.length === 0 &&
        only?.port === to &&
        only.routes.some((other) => typeof other.to === 'object' && sameJson(other.headers, headers))
      if (!meant || routes.slice(i + 1).some((after) => typeof after.to === 'object'))
        lose(
          `${path}/redirect`,
          'in 2017 what rules take over TLS is sent there, behind all else: the route is left out',
        )
    })
  for (const { toTls, host, port, lose } of places)
    if (toTls && (port !== defaultIngressPort || ofHost(secured, host).length === 0))
      lose(
        '/tls/httpsRedirect',
        'in 2017 what rules take over TLS is sent there from port 80, and nothing else',
      )
}
