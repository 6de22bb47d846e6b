import type { FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Decoded } from '../../codecs/decodeResource.ts'
import { defaultReadLimits } from '../../codecs/readLimits.ts'
import { readingResources, type Source } from '../../codecs/readResources.ts'
import { scanText } from '../../codecs/scanText.ts'
import { offsetOf, pointerOf } from '../../codecs/sourceNode.ts'
import type { ResourceName } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import type { Change, WriteRequest, Written, WrittenItem } from '../../model/write.ts'
import type { Controller } from '../../ports.ts'
import { inSlices } from '../inSlices.ts'
import { bodyTexts, documentTypes, filesLimitBytes, filesType } from './bodyTexts.ts'
import { kindAsked } from './configRoutes.ts'
import { etagOf, preconditionOf } from './etag.ts'
import { flagParameter, pathParameter } from './parameters.ts'
import { type HttpProblem, problem } from './problem.ts'
import { rejectionProblem, unreadableProblem } from './rejectionProblem.ts'
import type { Answer, Route } from './route.ts'
import { batchSchema, documentBody, dryRunQuery, namePath, writtenSchema } from './schemas.ts'

const url = '/api/v1/config/:kind/:namespace/:name'

/** Room for what stands around a document and is no part of it: blanks, comments, `---`. */
const aroundBytes = 64 * 1024

/** PUT, POST and DELETE of configuration. What is refused appends nothing. */
export const writeRoutes = (controller: Controller): readonly Route[] => [
  {
    method: 'PUT',
    url,
    query: ['dryRun'],
    reads: documentTypes,
    bodyLimitBytes: defaultReadLimits.documentBytes + aroundBytes,
    described: {
      summary: 'Applies one resource',
      tag: 'configuration',
      params: namePath(url),
      querystring: dryRunQuery,
      body: documentBody,
      response: writtenSchema,
    },
    answer: (request) => put(controller, request),
  },
  {
    method: 'DELETE',
    url,
    query: ['dryRun'],
    described: {
      summary: 'Removes one resource',
      tag: 'configuration',
      params: namePath(url),
      querystring: dryRunQuery,
      response: writtenSchema,
    },
    answer: (request) => remove(controller, request),
  },
  {
    method: 'POST',
    url: '/api/v1/config',
    query: ['dryRun'],
    reads: [...documentTypes, filesType],
    bodyLimitBytes: filesLimitBytes,
    described: {
      summary: 'Applies several resources, all or none',
      tag: 'configuration',
      querystring: dryRunQuery,
      body: documentBody,
      response: batchSchema,
    },
    answer: (request) => post(controller, request),
  },
]

const put = async (controller: Controller, request: FastifyRequest): Promise<Either<HttpProblem, Answer>> => {
  const name = nameAsked(request)
  if (isLeft(name)) return name
  const sources = bodyTexts(request)
  if (isLeft(sources)) return sources
  const decoded = await decode(sources.right)
  if (isLeft(decoded)) return decoded
  const [only, ...more] = decoded.right
  if (only === undefined) return left(problem('empty-body', 'the body holds no document'))
  if (more.length > 0)
    return left(problem('invalid', `the body holds ${1 + more.length} documents; PUT takes one`))
  const mismatch = nameMismatch(nameOf(only.resource), name.right, sources.right)
  if (mismatch !== undefined) return left(mismatch)
  return answered(await write(controller, request, [apply(only)]))
}

const nameMismatch = (
  named: ResourceName,
  asked: ResourceName,
  sources: readonly Source[],
): HttpProblem | undefined => {
  const differs = (['kind', 'namespace', 'name'] as const).find((part) => named[part] !== asked[part])
  if (differs === undefined) return undefined
  const message = `the document is ${keyOf(named)}, the path says ${keyOf(asked)}`
  const path = differs === 'kind' ? ['kind'] : ['metadata', differs]
  const problems = sources
    .flatMap(({ input, ...options }) => scanText(input, options).documents)
    .map(({ root, lines }) => ({ ...lines(offsetOf(root, path, 'value')), path: pointerOf(path) }))
    .map((place) => ({ code: 'name-mismatch', message, ...place }))
  return problem('invalid', message, { problems })
}

const remove = async (
  controller: Controller,
  request: FastifyRequest,
): Promise<Either<HttpProblem, Answer>> => {
  const name = nameAsked(request)
  if (isLeft(name)) return name
  return answered(await write(controller, request, [{ type: 'remove', name: name.right }]))
}

const post = async (
  controller: Controller,
  request: FastifyRequest,
): Promise<Either<HttpProblem, Answer>> => {
  if (preconditionOf(request.headers) !== undefined)
    return left(problem('bad-request', 'If-Match and If-None-Match are for one resource; use PUT'))
  const sources = bodyTexts(request)
  if (isLeft(sources)) return sources
  const decoded = await decode(sources.right)
  if (isLeft(decoded)) return decoded
  if (decoded.right.length === 0) return left(problem('empty-body', 'the body holds no document'))
  const written = await write(controller, request, decoded.right.map(apply))
  return isLeft(written) ? written : right({ body: written.right })
}

const nameAsked = (request: FastifyRequest): Either<HttpProblem, ResourceName> => {
  const kind = kindAsked(request)
  if (isLeft(kind)) return kind
  const [namespace, name] = [pathParameter(request, 'namespace'), pathParameter(request, 'name')]
  return right({ kind: kind.right, namespace, name })
}

const decode = async (sources: readonly Source[]): Promise<Either<HttpProblem, readonly Decoded[]>> => {
  const read = await inSlices(readingResources(sources))
  return isLeft(read) ? left(unreadableProblem(read.left)) : read
}

const apply = ({ resource, origin }: Decoded): Change =>
  origin === undefined ? { type: 'apply', resource } : { type: 'apply', resource, origin }

const write = async (
  controller: Controller,
  request: FastifyRequest,
  changes: readonly Change[],
): Promise<Either<HttpProblem, Written>> => {
  const dryRun = flagParameter(request, 'dryRun')
  if (isLeft(dryRun)) return dryRun
  const demanded = preconditionOf(request.headers)
  const removes = changes.some(({ type }) => type === 'remove')
  const wish: WriteRequest = { changes, actor: request.actor, source: 'http', dryRun: dryRun.right }
  // What is absent cannot be removed, whatever is demanded of it: 404 says more than 412.
  const precondition: WriteRequest['precondition'] =
    demanded && ((stands) => (stands === undefined && removes) || demanded(stands))
  const written = await controller.write(precondition === undefined ? wish : { ...wish, precondition })
  return isLeft(written) ? left(rejectionProblem(written.left)) : written
}

const answered = (written: Either<HttpProblem, Written>): Either<HttpProblem, Answer> => {
  if (isLeft(written)) return written
  const item = written.right.items[0] as WrittenItem
  const { namespace, name } = item.resource.metadata
  const created = item.outcome === 'created'
  const at = `/api/v1/config/${item.resource.kind.toLowerCase()}/${namespace}/${name}`
  return right({
    status: created ? 201 : 200,
    headers: {
      ...(created ? { location: at } : {}),
      ...(item.outcome === 'removed' ? {} : { etag: etagOf(item) }),
    },
    body: { ...item, position: written.right.position },
  })
}
