import fc from 'fast-check'
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { defaultReadLimits } from '../../src/codecs/readLimits.ts'
import { readResources } from '../../src/codecs/readResources.ts'
import { resourceToYaml } from '../../src/codecs/resourceToYaml.ts'
import { corpus } from './corpus.ts'

type Body = { readonly input: string | Uint8Array; readonly format: 'yaml' | 'json' }

const tally = { accepted: 0, refused: 0, bodies: 0 }
let prototypeKeys: readonly PropertyKey[] = []
beforeAll(() => {
  prototypeKeys = Reflect.ownKeys(Object.prototype)
})

/** Whatever the body: an answer, bounded, without a trace; what is accepted reads back as what it was. */
const holds = (body: Body): void => {
  const read = readResources([{ ...body, file: 'f' }])
  tally.bodies += 1
  expect(Reflect.ownKeys(Object.prototype)).toEqual(prototypeKeys)
  if (isLeft(read)) {
    tally.refused += 1
    const { problems } = read.left
    expect(problems.length).toBeGreaterThan(0)
    expect(problems.length).toBeLessThan(2 * defaultReadLimits.problems)
    for (const { line, column, code, message } of problems) {
      expect(line >= 1 && column >= 1 && /^RUT1\d{3}$/.test(code) && message.length < 2000).toBe(true)
    }
    return
  }
  tally.accepted += 1
  for (const { resource } of read.right) {
    const again = readResources([{ input: resourceToYaml(resource), format: 'yaml' }])
    expect(isRight(again) && again.right.map((one) => one.resource)).toEqual([resource])
  }
}

const signs = fc.constantFrom(
  ...[
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    ':',
    ' ',
    '\n',
    '\t',
    '-',
    '- ',
    '? ',
    '&a ',
    '*a',
    '<<: ',
    '!!str ',
    '!x ',
    '|\n',
    '>',
  ],
  ...[
    '#',
    '%',
    '@',
    ',',
    '\r',
    '\0',
    '\u2028',
    '\ud800',
    '\ufeff',
    '---\n',
    '...\n',
    '1e400',
    '.inf',
    '~',
    '__proto__: ',
  ],
  ...['constructor', 'prototype', '9007199254740993', '\\u0000', 'é𐍈', 'x'.repeat(300), '\u001b[2J'],
)

const edit = fc.record({
  at: fc.nat(),
  drop: fc.nat({ max: 6 }),
  put: fc.oneof(signs, fc.string({ maxLength: 4 })),
})

const edited = (text: string, edits: readonly { at: number; drop: number; put: string }[]): string =>
  edits.reduce((sofar, { at, drop, put }) => {
    const place = at % (sofar.length + 1)
    return sofar.slice(0, place) + put + sofar.slice(place + drop)
  }, text)

const hostile = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    65536,
    1.5,
    '',
    'A',
    '__proto__',
    'x'.repeat(70),
    [],
    {},
    [[]],
    [null],
  ),
  fc.constantFrom<unknown>(
    '((a{100}){10}',
    '\u0000',
    '0s',
    '1s',
    '*',
    '*/*',
    '::1',
    '%',
    'on',
    { all: true },
    { exact: 'x' },
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

/** `value` with what stands at a place counted through it replaced, renamed or dropped. */
const reshaped = (value: unknown, at: number, by: unknown, how: 'put' | 'drop' | 'rename'): unknown => {
  let left = at
  const walk = (node: unknown): unknown => {
    left -= 1
    if (left === 0 && how === 'put') return by
    if (Array.isArray(node)) return node.map(walk)
    if (typeof node !== 'object' || node === null) return node
    return Object.fromEntries(
      Object.entries(node).flatMap(([key, one]) => {
        const below = walk(one)
        if (left !== 0 || how === 'put') return [[key, below]]
        left -= 1
        return how === 'drop' ? [] : [[typeof by === 'string' ? by : `${key}x`, below]]
      }),
    )
  }
  return walk(value)
}

const values = corpus.flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as unknown))

describe('C11 reading never throws', () => {
  test('C11 mutated documents', () => {
    const bodies = fc.tuple(fc.constantFrom(...corpus), fc.array(edit, { minLength: 1, maxLength: 4 }))
    fc.assert(
      fc.property(bodies, ([text, edits]) => holds({ input: edited(text, edits), format: 'yaml' })),
      { seed: 11, numRuns: 8000 },
    )
  }, 120_000)

  test('C11 mutated JSON', () => {
    const bodies = fc.tuple(fc.constantFrom(...values), fc.array(edit, { maxLength: 3 }))
    fc.assert(
      fc.property(bodies, ([value, edits]) =>
        holds({ input: edited(JSON.stringify(value), edits), format: 'json' }),
      ),
      { seed: 12, numRuns: 3000 },
    )
  }, 120_000)

  test('C11 documents of the right form and the wrong content', () => {
    const how = fc.constantFrom('put' as const, 'drop' as const, 'rename' as const)
    const change = fc.tuple(fc.integer({ min: 1, max: 40 }), hostile, how)
    const bodies = fc.tuple(
      fc.constantFrom(...values),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
    )
    fc.assert(
      fc.property(bodies, ([value, changes, asYaml]) => {
        const changed = changes.reduce<unknown>((sofar, [at, by, way]) => reshaped(sofar, at, by, way), value)
        holds({
          input: asYaml ? stringify(changed) : JSON.stringify(changed),
          format: asYaml ? 'yaml' : 'json',
        })
      }),
      { seed: 13, numRuns: 6000 },
    )
  }, 120_000)

  test('C11 random bytes and random signs', () => {
    const format = fc.constantFrom('yaml' as const, 'json' as const)
    const bodies = fc.oneof(
      fc.record({ input: fc.uint8Array({ maxLength: 200 }), format }),
      fc.record({ input: fc.array(signs, { maxLength: 30 }).map((all) => all.join('')), format }),
    )
    fc.assert(fc.property(bodies, holds), { seed: 14, numRuns: 5000 })
  }, 120_000)

  test('C11 the bodies were many, and of both sorts', () => {
    expect(tally.bodies).toBeGreaterThanOrEqual(20_000)
    expect(tally.accepted).toBeGreaterThan(1000)
    expect(tally.refused).toBeGreaterThan(10_000)
  })
})
