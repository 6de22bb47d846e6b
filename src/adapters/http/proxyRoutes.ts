import type { FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { parseNodeId } from '../../codecs/nodeId.ts'
import type { Snapshot } from '../../model/mesh.ts'
import type { ProxyIdentity } from '../../model/proxy.ts'
import { xdsTypes } from '../../model/xds.ts'
import type { Controller } from '../../ports.ts'
import { positionHeader, snapshotAsked } from './at.ts'
import { pathParameter } from './parameters.ts'
import { type HttpProblem, problem } from './problem.ts'
import type { Route } from './route.ts'
import { atQuery, namePath, proxiesSchema, proxySchema, shownSchema } from './schemas.ts'

/** The fleet, and what any one proxy should have, whether it is connected or not. */
export const proxyRoutes = (controller: Controller): readonly Route[] => [
  {
    method: 'GET',
    url: '/api/v1/proxies',
    described: { summary: 'All proxies and how they are', tag: 'proxies', response: proxiesSchema },
    answer: async () => right({ body: await controller.proxies() }),
  },
  {
    method: 'GET',
    url: '/api/v1/proxies/:id',
    described: {
      summary: 'How one proxy is',
      tag: 'proxies',
      params: namePath('/:id'),
      response: proxySchema,
    },
    answer: async (request) => {
      const proxy = proxyAsked(request)
      if (isLeft(proxy)) return proxy
      const found = (await controller.proxies()).proxies.find(({ id }) => id === proxy.right.node)
      return found === undefined
        ? left(problem('not-found', `no proxy ${JSON.stringify(proxy.right.node)} has connected`))
        : right({ body: found })
    },
  },
  ...xdsTypes.map(
    (type): Route =>
      shown(controller, type, `The ${type} that a proxy should have`, (proxy, snapshot) => ({
        items: controller.intended(proxy, type, snapshot),
      })),
  ),
  shown(controller, 'all', 'All that a proxy should have', (proxy, snapshot) =>
    Object.fromEntries(xdsTypes.map((type) => [type, controller.intended(proxy, type, snapshot)])),
  ),
  shown(
    controller,
    'versions',
    'The versions of all that a proxy should have, by type and name',
    (proxy, snapshot) =>
      Object.fromEntries(xdsTypes.map((type) => [type, controller.versions(proxy, type, snapshot)])),
  ),
]

const shown = (
  controller: Controller,
  what: string,
  summary: string,
  show: (proxy: ProxyIdentity, snapshot: Snapshot) => object,
): Route => ({
  method: 'GET',
  url: `/api/v1/proxies/:id/${what}`,
  query: ['at'],
  described: {
    summary,
    tag: 'proxies',
    params: namePath('/:id'),
    querystring: atQuery,
    response: shownSchema,
  },
  answer: async (request) => {
    const proxy = proxyAsked(request)
    if (isLeft(proxy)) return proxy
    const snapshot = await snapshotAsked(controller, request)
    if (isLeft(snapshot)) return snapshot
    const { position } = snapshot.right
    const body = { position, proxy: proxy.right.node, ...show(proxy.right, snapshot.right) }
    return right({ headers: positionHeader(snapshot.right), body })
  },
})

const proxyAsked = (request: FastifyRequest): Either<HttpProblem, ProxyIdentity> => {
  const identity = parseNodeId(pathParameter(request, 'id'))
  return isLeft(identity) ? left(problem('bad-node-id', identity.left)) : identity
}
