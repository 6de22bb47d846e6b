import { expect, test } from 'vitest'
import { durationMs, maxDurationMs } from '../../src/model/duration.ts'

test.each([
  ['1s', 1000],
  ['250ms', 250],
  ['1.5s', 1500],
  ['1.005s', 1005],
  ['0.29s', 290],
  ['1m', 60_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['0s', 0],
  ['0.5ms', 0.5],
  ['250us', 0.25],
  ['250µs', 0.25],
  ['1ns', 0.000001],
  ['315576000000s', maxDurationMs],
])('C40 %s is %d ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

test.each([
  '',
  '1',
  's',
  '-1s',
  '+1s',
  '1 s',
  ' 1s',
  '1s ',
  '1d',
  '.5s',
  '1.s',
  '1e3s',
  '1S',
  '∞s',
  '315576000001s',
  `${'1'.repeat(70)}s`,
])('C40 "%s" is no duration', (text) => {
  expect(durationMs(text)).toBeUndefined()
})
