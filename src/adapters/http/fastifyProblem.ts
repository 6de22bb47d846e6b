import { type HttpProblem, type ProblemCode, problem } from './problem.ts'

const codeOf: Readonly<Record<number, ProblemCode>> = {
  400: 'bad-request',
  404: 'unknown-path',
  413: 'too-large',
  414: 'path-too-long',
  415: 'unsupported-media-type',
}

/** The problem for what fastify found wrong with a request; for anything else one that tells nothing of the inside. */
export const fastifyProblem = (error: {
  readonly statusCode?: number
  readonly message: string
}): HttpProblem => {
  const code = codeOf[error.statusCode ?? 500]
  if (code !== undefined) return problem(code, error.message)
  const isRequestsFault = error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500
  return isRequestsFault
    ? problem('bad-request', error.message)
    : problem('internal', 'the reason is in the log of the controller')
}
