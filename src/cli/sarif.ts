import { pathToFileURL } from 'node:url'
import type { Problem } from '../model/diagnostic.ts'
import type { DiagnosticPage } from './diagnosticPages.ts'
import type { Finding } from './printFindings.ts'
import { buildFacts } from './version.ts'

/** Problems and findings as a log of SARIF 2.1.0 (OASIS, sarif-schema-2.1.0), with one run; each code is a rule that
 *  has its page with it. Columns count UTF-16 code units, as `line` and `column` do everywhere here. */
export const sarif = (
  problems: readonly Problem[],
  findings: readonly Finding[],
  pages: ReadonlyMap<string, DiagnosticPage>,
): object => {
  const codes = [...new Set([...problems, ...findings].map(({ code }) => code))].sort()
  const result = (one: Problem | Finding, level: string): object => ({
    ruleId: one.code,
    ruleIndex: codes.indexOf(one.code),
    level,
    message: { text: one.message },
    ...locations(one),
  })
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'rutter',
            ...(/^\d/.test(buildFacts.version) ? { semanticVersion: buildFacts.version } : {}),
            rules: codes.map((id) => ruleOf(id, pages.get(id))),
          },
        },
        columnKind: 'utf16CodeUnits',
        results: [
          ...problems.map((one) => result(one, 'error')),
          ...findings.map((one) => result(one, levels[one.severity])),
        ],
      },
    ],
  }
}

const levels = { error: 'error', warning: 'warning', info: 'note' } as const

const ruleOf = (id: string, page: DiagnosticPage | undefined): object =>
  page === undefined
    ? { id }
    : { id, shortDescription: { text: page.title }, help: { text: page.text, markdown: page.text } }

// What is in no file (a resource of the controller's) has its name alone.
const locations = (one: Problem | Finding): object => {
  const logical = 'resource' in one ? { logicalLocations: [{ fullyQualifiedName: one.resource }] } : {}
  const physical =
    one.file === undefined
      ? {}
      : {
          physicalLocation: {
            artifactLocation: { uri: uriOf(one.file) },
            region: { startLine: one.line ?? 1, startColumn: one.column ?? 1 },
          },
        }
  const location = { ...physical, ...logical }
  return Object.keys(location).length === 0 ? {} : { locations: [location] }
}

const uriOf = (file: string): string =>
  file.startsWith('/')
    ? pathToFileURL(file).href
    : encodeURI(file).replaceAll('#', '%23').replaceAll('?', '%3F')
