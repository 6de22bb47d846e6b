import type { FastifyReply } from 'fastify'
import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { type HttpProblem, problemType } from './problem.ts'
import type { Answer } from './route.ts'

/** Sends an answer or a problem. */
export const send = (reply: FastifyReply, answer: Either<HttpProblem, Answer>): FastifyReply => {
  if (isLeft(answer)) return sendProblem(reply, answer.left)
  const { status = 200, headers = {}, body, type } = answer.right
  reply.code(status).headers(headers)
  if (body === undefined) return reply.send()
  if (type !== undefined) return reply.type(type).send(body)
  return reply.type('application/json; charset=utf-8').send(JSON.stringify(body))
}

/** Sends a problem (RFC 9457). */
export const sendProblem = (reply: FastifyReply, { status, headers, body }: HttpProblem): FastifyReply =>
  // Bytes, because fastify adds a charset to text, and the media type has no such parameter.
  reply
    .code(status)
    .headers({ ...headers, 'content-type': problemType })
    .send(Buffer.from(JSON.stringify(body)))
