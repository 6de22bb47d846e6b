import type { FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Snapshot } from '../../model/mesh.ts'
import type { AtRefused, Controller } from '../../ports.ts'
import { queryParameter } from './parameters.ts'
import { type HttpProblem, problem } from './problem.ts'

/** The snapshot that a request asks for: of `?at=POSITION|TIME`, else the newest. */
export const snapshotAsked = async (
  controller: Controller,
  request: FastifyRequest,
): Promise<Either<HttpProblem, Snapshot>> => {
  const at = queryParameter(request, 'at')
  return isLeft(at) ? at : snapshotOf(controller, at.right)
}

/** The snapshot at a position or time, or the newest where neither is given. */
export const snapshotOf = async (
  controller: Controller,
  at: string | undefined,
): Promise<Either<HttpProblem, Snapshot>> => {
  if (at === undefined) return right(controller.snapshot())
  const past = await controller.snapshotAt(at)
  return isLeft(past) ? left(atProblem(past.left)) : past
}

/** The header that tells which position an answer was taken at. */
export const positionHeader = ({ position }: Snapshot): Readonly<Record<string, string>> => ({
  'rutter-position': String(position),
})

const atProblem = (refused: AtRefused): HttpProblem => {
  switch (refused._tag) {
    case 'Unreadable':
      return problem('bad-parameter', refused.message)
    case 'BeyondEnd':
      return problem('beyond-end', `the log ends at ${refused.end}`)
    case 'BeforeHorizon':
      return problem('before-horizon', `the log begins after ${refused.horizon}`)
  }
}
