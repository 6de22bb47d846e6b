import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lineIndex } from '../../src/codecs/lineIndex.ts'
import { problemList } from '../../src/codecs/problemList.ts'
import { readJson } from '../../src/codecs/readJson.ts'
import { defaultReadLimits } from '../../src/codecs/readLimits.ts'

const read = (text: string) => {
  const problems = problemList(undefined, lineIndex(text), 10)
  const node = readJson(text, { ...defaultReadLimits, depth: 1000 }, problems.report)
  const isSyntax = problems.list().some(({ code }) => code === 'RUT1002')
  return { value: node?.value, isSyntax, problems: problems.list() }
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

test('C9 what JSON.parse gives is what is read', () => {
  fc.assert(
    fc.property(
      fc.jsonValue({ noUnicodeString: false }),
      fc.constantFrom(undefined, 2, '\t'),
      (value, indent) => {
        const text = JSON.stringify(value, undefined, indent)
        const { value: found, problems } = read(text)
        if (problems.length === 0) expect(JSON.stringify(found)).toBe(JSON.stringify(JSON.parse(text)))
        else expect(problems.every(({ code }) => code !== 'RUT1002')).toBe(true)
      },
    ),
    { seed: 1, numRuns: 2000 },
  )
})

test('C9 what JSON.parse refuses is refused, and nothing else for its syntax', () => {
  const sign = fc.constantFrom(...'{}[]",:\\ \n\t01e+-.ntrufalseNu"a\u0001\ud800/*')
  const texts = fc.oneof(
    fc.array(sign, { maxLength: 12 }).map((signs) => signs.join('')),
    fc.tuple(fc.jsonValue(), fc.nat(), sign).map(([value, at, one]) => {
      const text = JSON.stringify(value)
      const place = at % (text.length + 1)
      return text.slice(0, place) + one + text.slice(place + (at % 2))
    }),
  )
  fc.assert(
    fc.property(texts, (text) => {
      // A blank text is no JSON, and no document either.
      if (/^[ \t\r\n]*$/.test(text)) return
      expect([text, read(text).isSyntax]).toEqual([text, !isJson(text)])
    }),
    { seed: 2, numRuns: 20_000 },
  )
})

test('C2 a break of syntax is told where it is', () => {
  expect(read('{\n  "a": tru\n}').problems[0]).toMatchObject({ line: 2, column: 8, path: '/a' })
  expect(read('{"a":1}}').problems[0]).toMatchObject({ line: 1, column: 8 })
  expect(read('"abc').problems[0]).toMatchObject({ line: 1, column: 5 })
})
