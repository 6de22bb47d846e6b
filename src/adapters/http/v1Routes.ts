import type { FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { parseNodeId } from '../../codecs/nodeId.ts'
import type { ProxyIdentity } from '../../model/proxy.ts'
import type { Controller } from '../../ports.ts'
import { pathParameter } from './parameters.ts'
import { type HttpProblem, problem } from './problem.ts'
import type { Answer, Route } from './route.ts'
import { allRegistrations, registrationOf } from './v1/registration.ts'
import { laterClusters, v1Clusters } from './v1/v1Clusters.ts'
import { v1Listeners } from './v1/v1Listeners.ts'
import { v1Names } from './v1/v1Names.ts'
import { v1RouteTable } from './v1/v1RouteTable.ts'

/** The view of 2017, read-only: what a proxy has, in the shapes of Envoy's v1 API (contract §8). The cluster in a path
 *  is the proxy's own service cluster, which decides nothing. */
export const v1Routes = (controller: Controller): readonly Route[] => [
  registrations(controller, '/v1/registration'),
  registrations(controller, '/v1/registration/'),
  view('/v1/registration/:key', 'Where a service is, by its service key (host|ports|labels)', (request) =>
    right({ hosts: registrationOf(controller.snapshot().mesh, pathParameter(request, 'key')) }),
  ),
  view('/v1/clusters/:cluster/:node', 'The clusters of a proxy', (request) =>
    of(request, (proxy) => {
      const snapshot = controller.snapshot()
      return {
        clusters: v1Clusters(controller.intended(proxy, 'clusters', snapshot), v1Names(snapshot.mesh)),
      }
    }),
  ),
  view('/v1/listeners/:cluster/:node', 'The listeners of a proxy', (request) =>
    of(request, (proxy) => {
      const snapshot = controller.snapshot()
      const listeners = controller.intended(proxy, 'listeners', snapshot)
      const lacks = laterClusters(controller.intended(proxy, 'clusters', snapshot))
      return { listeners: v1Listeners(listeners, v1Names(snapshot.mesh), lacks) }
    }),
  ),
  view('/v1/routes/:name/:cluster/:node', 'A route configuration of a proxy', (request) => {
    const name = pathParameter(request, 'name')
    if (!/^\d+$/.test(name) && name !== 'http_proxy')
      return left(
        problem('not-found', `a route configuration is named by a port, or http_proxy; not ${name}`),
      )
    return of(request, (proxy) => {
      const snapshot = controller.snapshot()
      const found = controller.intended(proxy, 'routes', snapshot).find((one) => one['name'] === name)
      const lacks = laterClusters(controller.intended(proxy, 'clusters', snapshot))
      return found === undefined ? 'null' : v1RouteTable(found, v1Names(snapshot.mesh), lacks)
    })
  }),
]

const registrations = (controller: Controller, url: string): Route =>
  view(url, 'Where all services are', () => right(allRegistrations(controller.snapshot().mesh)))

const view = (
  url: string,
  summary: string,
  show: (request: FastifyRequest) => Either<HttpProblem, object | 'null'>,
): Route => ({
  method: 'GET',
  url,
  described: { summary: `${summary}, as in 2017`, tag: 'v1', response: { description: summary } },
  answer: (request): Either<HttpProblem, Answer> => {
    const body = show(request)
    if (isLeft(body)) return body
    // A port that nobody listens on has a route configuration of `null`, with 200.
    return right(body.right === 'null' ? { type: 'application/json', body: 'null' } : { body: body.right })
  },
})

// A node that is none was answered 404 in 2017.
const of = (
  request: FastifyRequest,
  show: (proxy: ProxyIdentity) => object | 'null',
): Either<HttpProblem, object | 'null'> => {
  const proxy = parseNodeId(pathParameter(request, 'node'))
  return isLeft(proxy) ? left(problem('not-found', proxy.left)) : right(show(proxy.right))
}
