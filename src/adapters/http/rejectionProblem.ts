import type { Unreadable } from '../../codecs/unreadable.ts'
import { keyOf } from '../../model/resourceName.ts'
import type { Rejection } from '../../model/write.ts'
import { type HttpProblem, problem } from './problem.ts'

/** What HTTP answers to a refused write. */
export const rejectionProblem = (rejection: Rejection): HttpProblem => {
  switch (rejection._tag) {
    case 'NotFound':
      return problem('not-found', `${keyOf(rejection.name)} is not there`)
    case 'PreconditionFailed':
      return problem(
        'precondition-failed',
        `${keyOf(rejection.name)} has changed, or is not what was asked for`,
      )
    case 'Clash':
      return clash(rejection)
    case 'Invalid':
      return problem('invalid', inWords(rejection.problems.map(({ message }) => message)), {
        problems: rejection.problems,
      })
    case 'TooLarge':
      return problem('too-large', rejection.message)
    case 'Unavailable':
      return problem('unavailable', rejection.message, { headers: { 'retry-after': '1' } })
  }
}

const clash = ({ message, origin }: Extract<Rejection, { _tag: 'Clash' }>): HttpProblem =>
  origin === undefined
    ? problem('conflict', message)
    : problem('conflict', message, {
        problems: [{ code: 'conflict', message, ...origin, column: 1, path: '' }],
      })

/** What HTTP answers to documents that are too large, cannot be read or are refused. */
export const unreadableProblem = ({ _tag, problems }: Unreadable): HttpProblem =>
  problem(codeOf[_tag], inWords(problems.map(({ message }) => message)), { problems })

const codeOf = { TooLarge: 'too-large', Syntax: 'malformed', Refused: 'invalid' } as const

/** One sentence for several findings: the first of them, and how many more there are. */
const inWords = (messages: readonly string[]): string => {
  const [first = 'nothing is known about the reason', ...more] = messages
  return more.length === 0 ? first : `${first} (and ${more.length} more)`
}
