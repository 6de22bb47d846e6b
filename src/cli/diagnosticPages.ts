import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Put in by scripts/build.mjs. */
declare const RUTTER_PAGES: Readonly<Record<string, string>> | undefined

/** The page of a code as Markdown, what it says in a few words, and all of it. */
export type DiagnosticPage = { readonly code: string; readonly title: string; readonly text: string }

/** The pages of docs/diagnostics by code, sorted: those in this program, else those beside its sources. */
export const diagnosticPages = (): ReadonlyMap<string, DiagnosticPage> => {
  const texts = typeof RUTTER_PAGES === 'undefined' ? pagesBesideSources() : RUTTER_PAGES
  return new Map(
    Object.entries(texts).map(([code, text]) => [
      code,
      { code, title: text.slice(text.indexOf(': ') + 2, text.indexOf('\n')), text },
    ]),
  )
}

const pagesBesideSources = (): Readonly<Record<string, string>> => {
  const directory = join(import.meta.dirname, '../../docs/diagnostics')
  const files = readdirSync(directory).filter((file) => file.endsWith('.md') && file !== 'README.md')
  return Object.fromEntries(
    files.sort().map((file) => [file.slice(0, -3), readFileSync(join(directory, file), 'utf8')]),
  )
}
