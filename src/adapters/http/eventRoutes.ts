import type { FastifyReply, FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Position } from '../../model/entry.ts'
import type { Controller } from '../../ports.ts'
import { eventPage } from './eventPage.ts'
import { eventStream } from './eventStream.ts'
import type { HttpMetrics } from './httpMetrics.ts'
import { countParameter } from './parameters.ts'
import { type HttpProblem, problem } from './problem.ts'
import type { Route } from './route.ts'
import { eventsQuery, eventsSchema } from './schemas.ts'
import { send, sendProblem } from './send.ts'

export type EventOptions = {
  readonly metrics: HttpMetrics
  /** Readers of the stream at one time; one more is refused with 503. */
  readonly mostReaders: number
  readonly heartbeatMs: number
  readonly stalledMs: number
  /** Ends every stream. */
  readonly stop: AbortSignal
  readonly log: (line: string) => void
}

/** The log over HTTP: pages of JSON for who asks for JSON alone, else server-sent events. */
export const eventRoutes = (controller: Controller, options: EventOptions): readonly Route[] => {
  let readers = 0
  const stream = async (request: FastifyRequest, reply: FastifyReply, from: Position): Promise<void> => {
    if (request.method === 'HEAD') {
      reply.type('text/event-stream; charset=utf-8').send()
      return
    }
    if (readers >= options.mostReaders) {
      sendProblem(reply, problem('too-many-readers', `${readers} readers follow the log already`))
      return
    }
    const gone = new AbortController()
    const signal = AbortSignal.any([options.stop, gone.signal])
    reply.hijack()
    reply.raw.once('close', () => gone.abort())
    options.metrics.eventReaders.set(++readers)
    try {
      const ended = await eventStream(reply.raw, controller.entries(from, signal), { ...options, signal })
      if (ended === 'stalled') options.metrics.eventReadersCut.inc()
    } catch (error) {
      options.log(`a reader of events was cut at the log's failure: ${String(error)}`)
    } finally {
      gone.abort()
      options.metrics.eventReaders.set(--readers)
    }
  }
  return [
    {
      method: 'GET',
      url: '/api/v1/events',
      query: ['from', 'limit'],
      described: {
        summary: 'The log, as server-sent events or, for Accept: application/json, in pages',
        tag: 'log',
        querystring: eventsQuery,
        response: eventsSchema,
      },
      take: async (request, reply) => {
        const from = startOf(request)
        const limit = countParameter(request, 'limit', { least: 1, most: 100_000, fallback: 10_000 })
        if (isLeft(from)) sendProblem(reply, from.left)
        else if (isLeft(limit)) sendProblem(reply, limit.left)
        else if (!asksForJson(request)) await stream(request, reply, from.right)
        else {
          const body = await eventPage(controller, from.right, limit.right, options.stop)
          send(reply, right({ type: 'application/json; charset=utf-8', body }))
        }
      },
    },
  ]
}

const startOf = (request: FastifyRequest): Either<HttpProblem, Position> => {
  const from = countParameter(request, 'from', { least: 0, most: Number.MAX_SAFE_INTEGER - 1, fallback: 1 })
  if (isLeft(from)) return from
  const seen = request.headers['last-event-id']
  if (seen === undefined || seen === '') return right(Math.max(1, from.right))
  if (typeof seen === 'string' && /^\d{1,15}$/.test(seen)) return right(Number(seen) + 1)
  return left(problem('bad-parameter', 'Last-Event-ID must be the position of an entry'))
}

const asksForJson = ({ headers: { accept = '' } }: FastifyRequest): boolean =>
  /\bapplication\/json\b/i.test(accept) && !/\btext\/event-stream\b/i.test(accept)
