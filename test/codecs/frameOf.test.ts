import { expect, test } from 'vitest'
import { frameOf } from '../../src/codecs/frameOf.ts'

const text = 'one: 1\ntwo: 2\nthree: [3\nfour: 4\nfive: 5\n'

test('C60 the line, its neighbours and a caret', () => {
  expect(frameOf({ line: 3, column: 8 }, text)).toBe(
    ['  2 | two: 2', '> 3 | three: [3', '    |        ^', '  4 | four: 4'].join('\n'),
  )
  expect(frameOf({ line: 1, column: 1 }, text)).toBe(['> 1 | one: 1', '    | ^', '  2 | two: 2'].join('\n'))
})

test('C60 a long line is cut around the caret', () => {
  const long = `${'x'.repeat(5000)}!${'y'.repeat(5000)}`
  const [line = '', caret = ''] = frameOf({ line: 1, column: 5001 }, long).split('\n')
  expect(line.length).toBeLessThan(130)
  expect(line[caret.indexOf('^')]).toBe('!')
})

test('C60 control characters do not reach a terminal', () => {
  expect(frameOf({ line: 1, column: 1 }, 'a: \u001b[31m\u009b')).toContain('a: ·[31m·')
})

test('C60 colour is for terminals only', () => {
  expect(frameOf({ line: 3, column: 8 }, text)).not.toContain('\u001b')
  expect(frameOf({ line: 3, column: 8 }, text, { colour: true })).toContain('\u001b[1;31m^')
})

test('C60 a place beyond the text has a frame too', () => {
  expect(frameOf({ line: 9, column: 3 }, 'a\nb')).toEqual(expect.any(String))
  expect(frameOf({ line: 1, column: 1 }, '')).toContain('^')
})
