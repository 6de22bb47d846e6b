import type { Problem } from '../model/diagnostic.ts'
import type { LineIndex } from './lineIndex.ts'
import { type ProblemCode, problemCodes } from './problemCode.ts'
import { type Path, pointerOf } from './sourceNode.ts'

/** Takes one problem of a text, at an offset in it. */
export type Report = (code: ProblemCode, offset: number, message: string, path?: Path) => void

/** Problems of one text, at most `limit` and one that says there are more. */
export type ProblemList = {
  readonly report: Report
  /** How many were reported, those beyond the limit included. */
  count(): number
  /** Sorted by place. */
  list(): readonly Problem[]
}

export const problemList = (file: string | undefined, lines: LineIndex, limit: number): ProblemList => {
  const problems: Problem[] = []
  let count = 0
  const named = file === undefined ? {} : { file }
  return {
    report: (code, offset, message, path = []) => {
      count += 1
      if (count <= limit) {
        problems.push({ code, message, ...named, ...lines(offset), path: pointerOf(path) })
      } else if (count === limit + 1) {
        const more = `There are more than ${limit} problems; the rest is not shown.`
        problems.push({
          code: problemCodes.tooManyProblems,
          message: more,
          ...named,
          ...lines(offset),
          path: '',
        })
      }
    },
    count: () => count,
    list: () => problems.toSorted((a, b) => a.line - b.line || a.column - b.column),
  }
}
