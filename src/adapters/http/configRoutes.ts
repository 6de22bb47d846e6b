import type { FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { kindNamed } from '../../codecs/kinds.ts'
import { resourceToYaml } from '../../codecs/resourceToYaml.ts'
import type { Mesh, Stored } from '../../model/mesh.ts'
import type { Kind } from '../../model/resource.ts'
import { keyOf } from '../../model/resourceName.ts'
import { everyStoredIn, storedIn } from '../../model/storedIn.ts'
import type { Controller } from '../../ports.ts'
import { positionHeader, snapshotAsked } from './at.ts'
import { etagOf, isKnown } from './etag.ts'
import { pathParameter } from './parameters.ts'
import { type HttpProblem, problem } from './problem.ts'
import { resourceList } from './resourceList.ts'
import type { Answer, Route } from './route.ts'
import { atQuery, listSchema, namePath, resourceSchema } from './schemas.ts'

/** GET of configuration: all of it, by kind, by namespace, one resource; and of services and instances by their own
 *  paths. Every one takes `?at=`. */
export const configRoutes = (controller: Controller): readonly Route[] => {
  const list = (
    url: string,
    summary: string,
    kindOf: (request: FastifyRequest) => Either<HttpProblem, Kind | undefined>,
  ): Route => ({
    method: 'GET',
    url,
    query: ['at'],
    described: {
      summary,
      tag: 'configuration',
      params: namePath(url),
      querystring: atQuery,
      response: listSchema,
    },
    answer: async (request) => {
      const kind = kindOf(request)
      if (isLeft(kind)) return kind
      const snapshot = await snapshotAsked(controller, request)
      if (isLeft(snapshot)) return snapshot
      const namespace = url.includes(':namespace') ? pathParameter(request, 'namespace') : undefined
      const found = listed(snapshot.right.mesh, kind.right, namespace)
      return right(await resourceList(snapshot.right.position, found, asksForYaml(request) ? 'yaml' : 'json'))
    },
  })
  return [
    list('/api/v1/config', 'All resources', () => right(undefined)),
    list('/api/v1/config/:kind', 'All resources of a kind', kindAsked),
    list('/api/v1/config/:kind/:namespace', 'All resources of a kind in a namespace', kindAsked),
    list('/api/v1/services', 'All services', () => right('Service')),
    list('/api/v1/instances', 'All instances', () => right('Instance')),
    one(controller),
  ]
}

/** The kind that a path names, or that there is none of this name. */
export const kindAsked = (request: FastifyRequest): Either<HttpProblem, Kind> => {
  const text = pathParameter(request, 'kind')
  const info = kindNamed(text)
  return info === undefined
    ? left(problem('unknown-kind', `${JSON.stringify(text)} is not a kind of resource`))
    : right(info.kind)
}

const one = (controller: Controller): Route => ({
  method: 'GET',
  url: '/api/v1/config/:kind/:namespace/:name',
  query: ['at'],
  described: {
    summary: 'One resource, with its ETag',
    tag: 'configuration',
    params: namePath('/:kind/:namespace/:name'),
    querystring: atQuery,
    response: resourceSchema,
  },
  answer: async (request): Promise<Either<HttpProblem, Answer>> => {
    const kind = kindAsked(request)
    if (isLeft(kind)) return kind
    const snapshot = await snapshotAsked(controller, request)
    if (isLeft(snapshot)) return snapshot
    const name = {
      kind: kind.right,
      namespace: pathParameter(request, 'namespace'),
      name: pathParameter(request, 'name'),
    }
    const stands = storedIn(snapshot.right.mesh, name)
    if (stands === undefined)
      return left(problem('not-found', `${keyOf(name)} is not there at position ${snapshot.right.position}`))
    const headers = { ...positionHeader(snapshot.right), etag: etagOf(stands) }
    if (isKnown(request.headers['if-none-match'], stands)) return right({ status: 304, headers })
    if (asksForYaml(request)) return right({ headers, type: yamlType, body: resourceToYaml(stands.resource) })
    return right({ headers, body: stands.resource })
  },
})

const yamlType = 'application/yaml; charset=utf-8'

const asksForYaml = ({ headers: { accept = '' } }: FastifyRequest): boolean =>
  /\byaml\b/i.test(accept) && !/\bjson\b/i.test(accept)

function* listed(mesh: Mesh, kind: Kind | undefined, namespace: string | undefined): Generator<Stored> {
  for (const stored of everyStoredIn(mesh, kind)) {
    const { resource } = stored
    if (kind !== undefined && resource.kind !== kind) continue
    if (namespace === undefined || resource.metadata.namespace === namespace) yield stored
  }
}
