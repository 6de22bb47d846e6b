import type { Scalar } from 'yaml'
import { checkText, clip } from './checkText.ts'
import { exactNumber, inexact } from './exactNumber.ts'
import { problemCodes } from './problemCode.ts'
import type { Report } from './problemList.ts'
import { type Path, type SourceNode, scalarNode } from './sourceNode.ts'

/** The JSON that a YAML scalar stands for, with its place; a placeholder where there is none, which is reported. */
export const yamlScalar = (node: Scalar, path: Path, report: Report): SourceNode => {
  const [start, end] = node.range ?? [0, 0]
  const { value } = node
  if (typeof value === 'string') checkText(value, start, path, report)
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) {
    return scalarNode(value, start, end)
  }
  const source = clip(node.source ?? String(value))
  if (typeof value !== 'number' || Number.isNaN(value) || /inf/i.test(source)) {
    report(problemCodes.notJson, start, `The value ${source} has no form in JSON.`, path)
    return scalarNode(null, start, end)
  }
  const exact = exactNumber(node.source ?? '')
  if (exact === undefined) report(problemCodes.inexactNumber, start, inexact(source), path)
  return scalarNode(exact ?? 0, start, end)
}
