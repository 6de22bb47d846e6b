import { exitCodes } from './exitCodes.ts'
import type { Io } from './io.ts'

/** Tells on stderr why files cannot be read, with `-o json` on stdout too; the exit code that stands for it. */
export const reportUnread = (io: Io, why: string, output: string): number => {
  if (output === 'json') io.out(`${JSON.stringify({ code: 'unreadable', detail: why, problems: [] })}\n`)
  io.err(`error: ${why}`)
  return exitCodes.badInput
}
