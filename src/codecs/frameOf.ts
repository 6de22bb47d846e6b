import { codeFrameColumns } from '@babel/code-frame'
import type { Problem } from '../model/diagnostic.ts'

// Lines beyond this are cut around the caret, so that JSON on one line does not flood a terminal.
const widest = 120

/** The line of `problem` in `text` with a caret under its place and one line above and below. Control characters
 *  that a terminal would obey are shown as dots; `colour` paints it for a terminal. */
export const frameOf = (
  problem: Pick<Problem, 'line' | 'column'>,
  text: string,
  options: { readonly colour?: boolean } = {},
): string => {
  const from = Math.max(0, problem.column - 1 - widest / 2)
  const lines = nearbyLines(text, problem.line)
  const cut = lines.shown.map((line) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is replaced
    line.slice(from, from + widest).replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '·'),
  )
  // `startLine` is missing in the typings of code-frame 7.
  const frameOptions = { linesAbove: 1, linesBelow: 1, startLine: lines.before + 1, highlightCode: false }
  const start = { line: problem.line, column: problem.column - from }
  const frame = codeFrameColumns(cut.join('\n'), { start }, frameOptions)
  return options.colour === true ? painted(frame) : frame
}

// The library would paint the lines as JavaScript, which they are not.
const painted = (frame: string): string => frame.replace(/^>/m, red).replace(/\^$/m, red)

const red = (text: string): string => `\u001b[1;31m${text}\u001b[0m`

/** Up to three lines around line `line`, and how many lines of `text` stand before them. */
const nearbyLines = (text: string, line: number): { readonly before: number; readonly shown: string[] } => {
  const before = Math.max(0, line - 2)
  let start = 0
  for (let skipped = 0; skipped < before; skipped += 1) {
    const end = text.indexOf('\n', start)
    if (end === -1) break
    start = end + 1
  }
  const shown: string[] = []
  for (let at = start; shown.length < line - before + 1; ) {
    const end = text.indexOf('\n', at)
    shown.push(text.slice(at, end === -1 ? undefined : end).replace(/\r$/, ''))
    if (end === -1) break
    at = end + 1
  }
  return { before, shown }
}
