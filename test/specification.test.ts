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
