import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const here = import.meta.dirname
const pages = join(here, '../docs/spec')

const stated = readdirSync(pages)
  .flatMap((page) => [...readFileSync(join(pages, page), 'utf8').matchAll(/\*\*([A-Z]{1,2}\d+)\*\*/g)])
  .map(([, rule = '']) => rule)

const tests = readdirSync(here, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(join(here, file), 'utf8'))

/** Rules at the beginning of a test's name: `'R1: …'`, `'C1 …'`, `'V1, V2: …'`. */
const named = tests
  .flatMap((text) => [...text.matchAll(/['"`]([A-Z]{1,2}\d+(?:, ?[A-Z]{1,2}\d+)*)[: ]/g)])
  .flatMap(([, rules = '']) => rules.split(/, ?/))

describe('the specification', () => {
  test('A5: every rule that a test names stands in it', () =>
    expect([...new Set(named)].filter((rule) => !stated.includes(rule))).toEqual([]))

  test('A5: every rule in it is named by a test', () =>
    expect([...new Set(stated)].filter((rule) => !named.includes(rule))).toEqual([]))

  test('A5: no number is given twice', () =>
    expect(stated.filter((rule, i) => stated.indexOf(rule) !== i)).toEqual([]))
})

describe('the pages of codes', () => {
  const files = (directory: string) =>
    readdirSync(join(here, '..', directory), { recursive: true, encoding: 'utf8' })

  test('K40: every code in the sources has a page in docs/diagnostics, every page a code', () => {
    const inSources = files('src')
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(join(here, '../src', file), 'utf8').matchAll(/'(RUT\d{4})'|code: '(conflict)'/g),
      ])
      .map(([, code, word]) => code ?? word ?? '')
    const pages = files('docs/diagnostics').map((file) => file.replace(/\.md$/, ''))
    expect(pages.filter((page) => page !== 'README').sort()).toEqual([...new Set(inSources)].sort())
  })

  test('K40: the codes of the watched directory and of paths stand in the list', () => {
    const rooms = ['adapters/configDirectory', 'adapters/http'].map((room) => join('src', room))
    const inSources = rooms
      .flatMap((room) => files(room).map((file) => join(here, '..', room, file)))
      .filter((file) => file.endsWith('.ts'))
      .flatMap((file) => [
        ...readFileSync(file, 'utf8').matchAll(
          /(?<=\bproblemOf\([^,()]+, |\berror\(\s*|'Missing' \? (?:'[a-z-]+' : )?|code: )'([a-z-]+)'/g,
        ),
      ])
      .map(([, code = '']) => code)
    const list = readFileSync(join(here, '../docs/diagnostics/README.md'), 'utf8')
    const listed = [...list.matchAll(/^\| (?:`|\[)([a-z-]+)(?:`|\].*?) \|/gm)].map(([, code = '']) => code)
    expect(listed.sort()).toEqual([...new Set(inSources)].sort())
  })
})
