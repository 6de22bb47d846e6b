import type { FastifyRequest } from 'fastify'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type HttpProblem, problem } from './problem.ts'

/** A parameter of the path, decoded; empty where the route has none of that name. */
export const pathParameter = (request: FastifyRequest, name: string): string =>
  (request.params as Readonly<Record<string, string | undefined>>)[name] ?? ''

/** A parameter of the query, or `undefined`; refused where it stands more than once. */
export const queryParameter = (
  request: FastifyRequest,
  name: string,
): Either<HttpProblem, string | undefined> => {
  const value = queryOf(request)[name]
  if (value === undefined || typeof value === 'string') return right(value)
  return left(problem('bad-parameter', `${name} stands more than once in the query`))
}

/** A whole number of the query, or `fallback` where it is absent. */
export const countParameter = (
  request: FastifyRequest,
  name: string,
  bounds: { readonly least: number; readonly most: number; readonly fallback: number },
): Either<HttpProblem, number> => {
  const { least, most, fallback } = bounds
  const value = queryOf(request)[name]
  if (value === undefined) return right(fallback)
  const count = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
  if (count >= least && count <= most) return right(count)
  return left(problem('bad-parameter', `${name} must be a whole number from ${least} to ${most}`))
}

/** True or false of a query parameter; false where it is absent, refused where it says anything else. */
export const flagParameter = (request: FastifyRequest, name: string): Either<HttpProblem, boolean> => {
  const value = queryOf(request)[name]
  if (value === undefined || value === 'false') return right(false)
  if (value === 'true') return right(true)
  return left(problem('bad-parameter', `${name} must be true or false`))
}

/** The problem of a query that names what `known` does not hold. */
export const unknownParameter = (
  request: FastifyRequest,
  known: readonly string[],
): HttpProblem | undefined => {
  const stranger = Object.keys(queryOf(request)).find((name) => !known.includes(name))
  if (stranger === undefined) return undefined
  const allowed = known.length === 0 ? 'it takes none' : `it takes ${known.join(', ')}`
  return problem(
    'unknown-parameter',
    `the path does not take the parameter ${JSON.stringify(stranger)}: ${allowed}`,
  )
}

const queryOf = (request: FastifyRequest): Readonly<Record<string, unknown>> =>
  request.query as Readonly<Record<string, unknown>>
