import { buffer } from 'node:stream/consumers'
import type { Io } from './io.ts'

/** The real terminal and environment. A reader that goes away (`rutter events | head`) ends the process quietly. */
export const processIo = (): Io => {
  const { stdout, stderr, env } = process
  for (const stream of [stdout, stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(0)
      throw error
    })
  }
  return {
    out: (text) => {
      stdout.write(text)
    },
    err: (line) => {
      stderr.write(`${line}\n`)
    },
    errRaw: (text) => {
      stderr.write(text)
    },
    env,
    stdin: () => buffer(process.stdin),
    outIsTerminal: stdout.isTTY === true,
    errIsTerminal: stderr.isTTY === true,
    columns: stdout.columns ?? 80,
    outColours: coloursFor(stdout.isTTY === true),
    errColours: coloursFor(stderr.isTTY === true),
  }
}

/** NO_COLOR wins over FORCE_COLOR, which wins over what kind of stream it is. */
const coloursFor = (terminal: boolean): boolean => {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  if (NO_COLOR) return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0'
  return terminal && TERM !== 'dumb'
}
