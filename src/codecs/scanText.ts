import type { Problem } from '../model/diagnostic.ts'
import { atOnce } from './atOnce.ts'
import { decodeUtf8 } from './decodeUtf8.ts'
import type { Document } from './document.ts'
import { flattened } from './flattened.ts'
import { lineIndex } from './lineIndex.ts'
import { problemCodes } from './problemCode.ts'
import { type ProblemList, problemList } from './problemList.ts'
import { readJson } from './readJson.ts'
import { defaultReadLimits, type ReadLimits } from './readLimits.ts'
import { readYaml } from './readYaml.ts'
import type { SourceNode } from './sourceNode.ts'

export type ReadOptions = {
  /** Named in problems and origins. */
  readonly file?: string
  readonly format: 'yaml' | 'json'
  /** Default: `defaultReadLimits`. */
  readonly limits?: ReadLimits
}

export type Scanned = { readonly documents: readonly Document[]; readonly problems: readonly Problem[] }

/** Every document of `input` (text, or bytes in UTF-8) that can be read, and every problem of those that cannot.
 *  Lists of documents are taken apart, empty documents left out. */
export const scanText = (input: string | Uint8Array, options: ReadOptions): Scanned =>
  atOnce(scanning(input, options))

/** The same, resting after each YAML document: those take some 10 µs a line. */
export function* scanning(input: string | Uint8Array, options: ReadOptions): Generator<undefined, Scanned> {
  const { file, format, limits = defaultReadLimits } = options
  const bytes = typeof input === 'string' ? Buffer.byteLength(input) : input.length
  const isTooLarge = bytes > limits.batchBytes
  const { text, valid } = isTooLarge ? { text: '', valid: true } : textOf(input)
  const lines = lineIndex(text)
  const problems = problemList(file, lines, limits.problems)
  if (isTooLarge) {
    const message = `The text has ${bytes} bytes; at most ${limits.batchBytes} are read.`
    problems.report(problemCodes.batchTooLarge, 0, message)
    return { documents: [], problems: problems.list() }
  }
  reportUnreadable(text, valid, problems)
  const roots = problems.count() > 0 ? [] : yield* rootsOf(text, format, limits, problems)
  const documents = roots
    .flatMap((root) => flattened(root, problems.report))
    .filter((root) => reportSize(text, root, limits, problems))
    .map((root): Document => (file === undefined ? { root, lines } : { file, root, lines }))
  return { documents, problems: problems.list() }
}

const textOf = (input: string | Uint8Array): { readonly text: string; readonly valid: boolean } => {
  if (typeof input !== 'string') return decodeUtf8(input)
  return { text: input.startsWith('\ufeff') ? input.slice(1) : input, valid: true }
}

// YAML allows no other control characters but tab, line feed and carriage return (YAML 1.2, c-printable), JSON none.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is searched for
const controls = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/

const reportUnreadable = (text: string, valid: boolean, { report }: ProblemList): void => {
  if (!valid) report(problemCodes.invalidUtf8, text.length, 'The bytes from here on are not UTF-8.')
  const at = text.search(controls)
  if (at === -1) return
  const unit = text.charCodeAt(at).toString(16).toUpperCase().padStart(4, '0')
  report(problemCodes.controlCharacter, at, `The control character U+${unit} is refused.`)
}

function* rootsOf(
  text: string,
  format: 'yaml' | 'json',
  limits: ReadLimits,
  problems: ProblemList,
): Generator<undefined, readonly SourceNode[]> {
  if (format === 'yaml') return yield* readYaml(text, limits, problems)
  const root = readJson(text, limits, problems.report)
  return root === undefined || root.value === null || problems.count() > 0 ? [] : [root]
}

/** True when the document is small enough. */
const reportSize = (text: string, { start, end }: SourceNode, limits: ReadLimits, problems: ProblemList) => {
  // A UTF-16 unit takes at most three bytes.
  const fits =
    (end - start) * 3 <= limits.documentBytes ||
    Buffer.byteLength(text.slice(start, end)) <= limits.documentBytes
  if (!fits) {
    const message = `The document has more than ${limits.documentBytes} bytes.`
    problems.report(problemCodes.documentTooLarge, start, message)
  }
  return fits
}
