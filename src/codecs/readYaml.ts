import { Composer, type CST, type Document, Lexer, Parser } from 'yaml'
import { problemCodes } from './problemCode.ts'
import type { ProblemList, Report } from './problemList.ts'
import type { ReadLimits } from './readLimits.ts'
import type { SourceNode } from './sourceNode.ts'
import { yamlNode } from './yamlNode.ts'

// Open brackets and indentations while parsing. Far above the depth that is allowed, so that the exact place of what
// is too deep can be told, and far below what the composer's recursion can take.
const maxOpen = 512

/** The documents of a YAML 1.2 stream, empty ones left out, with places; rests after each. Problems of all documents
 *  are reported; a document with problems is not among the results. */
export function* readYaml(
  text: string,
  limits: ReadLimits,
  problems: ProblemList,
): Generator<undefined, SourceNode[]> {
  // `uniqueKeys` would compare every key with every other; the walk below finds duplicates in one pass.
  const composer = new Composer({
    schema: 'core',
    version: '1.2',
    resolveKnownTags: false,
    uniqueKeys: false,
    logLevel: 'silent',
  })
  const nodes: SourceNode[] = []
  for (const document of composer.compose(tokensOf(text, limits, problems.report), false, text.length)) {
    yield
    const before = problems.count()
    reportSyntax(document, problems.report)
    if (problems.count() > before || document.contents === null) continue
    const node = yamlNode(document.contents, limits, problems.report)
    if (problems.count() === before && node.value !== null) nodes.push(node)
  }
  const stray = composer.streamInfo()
  if (nodes.length === 0 && problems.count() === 0) reportSyntax(stray, problems.report)
  return nodes
}

function* tokensOf(text: string, limits: ReadLimits, report: Report): Generator<CST.Token> {
  const parser = new Parser()
  let strange = 0
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) {
      if (token.type === 'error' || token.type === 'directive') strange += 1
      // The composer keeps all of them, and its work on them is quadratic.
      if (strange > limits.problems) return
      yield token
    }
    if (parser.stack.length > maxOpen) {
      report(problemCodes.tooDeep, parser.offset, `Maps and lists are at most ${limits.depth} levels deep.`)
      return
    }
  }
  yield* parser.end()
}

const reportSyntax = (
  found: Pick<Document.Parsed, 'errors' | 'warnings'> & { directives?: Document.Parsed['directives'] },
  report: Report,
): void => {
  for (const { code, message, pos } of [...found.errors, ...found.warnings]) {
    const isTag = code === 'TAG_RESOLVE_FAILED'
    const kind = isTag ? problemCodes.unknownTag : problemCodes.yamlSyntax
    report(kind, pos[0], `YAML syntax: ${sentence(message)}`)
  }
  const yaml = found.directives?.yaml
  if (yaml?.explicit === true && yaml.version !== '1.2') {
    report(problemCodes.yamlSyntax, 0, `The text asks for YAML ${yaml.version}; only YAML 1.2 is read.`)
  }
}

const sentence = (message: string): string => {
  const [first = ''] = message.split('\n')
  const short = first.length > 160 ? `${first.slice(0, 159)}…` : first
  return /[.!?]$/.test(short) ? short : `${short}.`
}
