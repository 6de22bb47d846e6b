import type { LineIndex } from './lineIndex.ts'
import type { SourceNode } from './sourceNode.ts'

/** One document of a text, read but not decoded: JSON with the places of everything in it. */
export type Document = {
  readonly file?: string
  readonly root: SourceNode
  readonly lines: LineIndex
}
