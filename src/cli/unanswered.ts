import { exitCodes } from './exitCodes.ts'
import type { Io } from './io.ts'
import { printProblems } from './printFindings.ts'
import type { Unanswered } from './server.ts'
import type { TextFile } from './textFiles.ts'

export type ReportOptions = {
  /** `json`: the problem that the server answered goes to stdout too. */
  readonly output?: string
  /** What was sent, for the lines around a problem. */
  readonly files?: readonly TextFile[]
}

/** Tells on stderr why the server gave no answer; the exit code that stands for it. */
export const reportUnanswered = (
  io: Io,
  why: Unanswered,
  { output, files = [] }: ReportOptions = {},
): number => {
  if (why._tag === 'Unreachable') {
    io.err(`error: ${why.message}`)
    return exitCodes.unreachable
  }
  if (output === 'json') io.out(`${JSON.stringify(why.body)}\n`)
  printProblems(io, why.problems, files)
  if (why.problems.length === 0) io.err(`error: ${why.code} ${why.detail}`)
  if (why.status === 401) io.err('show one with --token-file FILE, or in RUTTER_TOKEN')
  return exitCodeOf(why.status)
}

/** Documents and parameters that are refused are bad input; what is absent is a finding; a controller that is not
 *  ready is as good as unreachable. */
const exitCodeOf = (status: number): number => {
  if (status === 404) return exitCodes.findings
  if (status === 503) return exitCodes.unreachable
  return [400, 409, 413, 414, 415, 422].includes(status) ? exitCodes.badInput : exitCodes.runtimeError
}
