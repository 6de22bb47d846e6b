import type { FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { durationMs } from '../../model/duration.ts'
import type { Controller } from '../../ports.ts'
import { positionHeader, snapshotAsked } from './at.ts'
import { countParameter, queryParameter } from './parameters.ts'
import { type HttpProblem, problem } from './problem.ts'
import type { Route } from './route.ts'
import { atQuery, diagnosticsSchema, snapshotSchema, waitedSchema, waitQuery } from './schemas.ts'

/** Questions about the mesh as a whole: its diagnostics, its hash, whether the fleet has it. `stop` ends waiting. */
export const stateRoutes = (controller: Controller, stop: AbortSignal): readonly Route[] => [
  {
    method: 'GET',
    url: '/api/v1/diagnostics',
    query: ['at'],
    described: {
      summary: 'All diagnostics that hold',
      tag: 'mesh',
      querystring: atQuery,
      response: diagnosticsSchema,
    },
    answer: async (request) => {
      const snapshot = await snapshotAsked(controller, request)
      if (isLeft(snapshot)) return snapshot
      const items = controller
        .diagnostics(snapshot.right)
        .map(({ name: { kind, namespace, name }, diagnostics }) => ({ kind, namespace, name, diagnostics }))
      const reports = [...controller.reports()].map(([source, diagnostics]) => ({ source, diagnostics }))
      const { position } = snapshot.right
      return right({ headers: positionHeader(snapshot.right), body: { position, items, reports } })
    },
  },
  {
    method: 'GET',
    url: '/api/v1/snapshot',
    query: ['at'],
    described: {
      summary: 'Position and hash of the mesh',
      tag: 'mesh',
      querystring: atQuery,
      response: snapshotSchema,
    },
    answer: async (request) => {
      const snapshot = await snapshotAsked(controller, request)
      if (isLeft(snapshot)) return snapshot
      const { position } = snapshot.right
      return right({
        headers: positionHeader(snapshot.right),
        body: { position, hash: controller.hashOf(snapshot.right) },
      })
    },
  },
  {
    method: 'GET',
    url: '/api/v1/wait',
    query: ['position', 'timeout'],
    described: {
      summary: 'Waits until every proxy concerned has acknowledged a position',
      tag: 'proxies',
      querystring: waitQuery,
      response: waitedSchema,
    },
    answer: (request) => wait(controller, request, stop),
  },
]

/** Longest wait; a client that wants more asks again. */
const longestWaitMs = 3_600_000
/** As `rutter wait` (contract §6). */
const defaultWaitMs = 30_000

const wait = async (
  controller: Controller,
  request: FastifyRequest,
  stop: AbortSignal,
): Promise<Either<HttpProblem, { readonly body: object }>> => {
  const bounds = { least: 0, most: Number.MAX_SAFE_INTEGER, fallback: controller.snapshot().position }
  const position = countParameter(request, 'position', bounds)
  if (isLeft(position)) return position
  const timeoutMs = timeoutOf(request)
  if (isLeft(timeoutMs)) return timeoutMs
  const gone = new AbortController()
  const onClose = () => gone.abort()
  request.raw.socket.once('close', onClose)
  try {
    const signal = AbortSignal.any([stop, gone.signal])
    const waited = await controller.waitFor(position.right, timeoutMs.right, signal)
    const { position: end } = controller.snapshot()
    // Nobody can stand well to a position that is not there: that the fleet has none pending would mislead.
    if (end < position.right) return left(problem('beyond-end', `the log ends at ${end}`))
    return right({ body: waited })
  } finally {
    request.raw.socket.off('close', onClose)
  }
}

const timeoutOf = (request: FastifyRequest): Either<HttpProblem, number> => {
  const text = queryParameter(request, 'timeout')
  if (isLeft(text)) return text
  const timeoutMs = text.right === undefined ? defaultWaitMs : durationMs(text.right)
  if (timeoutMs !== undefined && timeoutMs <= longestWaitMs) return right(timeoutMs)
  return left(problem('bad-parameter', 'timeout must be a duration such as 30s, and at most 1h'))
}
