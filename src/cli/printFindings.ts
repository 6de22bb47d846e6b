import { decodeUtf8 } from '../codecs/decodeUtf8.ts'
import { frameOf } from '../codecs/frameOf.ts'
import type { Diagnostic, Problem } from '../model/diagnostic.ts'
import type { Io } from './io.ts'
import type { TextFile } from './textFiles.ts'

/** Frames are shown for so many problems; a file that is wrong throughout would flood the terminal. */
const mostFrames = 20

/** Writes `file:line:column code message` for each problem to stderr, with the lines around its place under it where
 *  the file is one of `files`. */
export const printProblems = (io: Io, problems: readonly Problem[], files: readonly TextFile[]): void => {
  const texts = new Map(files.map(({ file, input }) => [file, decodeUtf8(input).text]))
  for (const [index, problem] of problems.entries()) {
    const { file, line, column, code, message } = problem
    io.err(`${file === undefined ? '' : `${file}:`}${line}:${column} ${code} ${message}`)
    const text = texts.get(file ?? '')
    if (text !== undefined && index < mostFrames) io.err(frameOf(problem, text, { colour: io.errColours }))
  }
}

/** A diagnostic with the resource it is about and, where that is known, its place. */
export type Finding = Diagnostic & { readonly resource: string; readonly file?: string }

/** Writes `file:line:column severity code message` for each finding to stderr; without a file the resource's name. */
export const printFindings = (io: Io, findings: readonly Finding[]): void => {
  for (const { file, line = 1, column = 1, resource, severity, code, message } of findings) {
    io.err(`${file === undefined ? resource : `${file}:${line}:${column}`} ${severity} ${code} ${message}`)
  }
}
