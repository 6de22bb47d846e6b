import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { followLog } from '../../../src/adapters/envoy/followLog.ts'
import { until } from './until.ts'

const directory = mkdtempSync(join(tmpdir(), 'rutter-follow-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const followed = (name: string, before = '') => {
  const path = join(directory, name)
  writeFileSync(path, before)
  const lines: string[] = []
  const log = followLog(path, (line) => lines.push(line))
  return { path, lines, log }
}

test('G16: lines are passed on whole, and none from before', async () => {
  const { path, lines, log } = followed('whole', 'old\n')
  appendFileSync(path, 'one\ntw')
  await until(() => lines.length === 1)
  appendFileSync(path, 'o\nthree\n')
  await until(() => lines.length === 3)
  log.stop()
  expect(lines).toEqual(['one', 'two', 'three'])
})

test('G16: an endless line comes in pieces', async () => {
  const { path, lines, log } = followed('endless')
  appendFileSync(path, `${'x'.repeat(40_000)}\n`)
  await until(() => lines.join('').length === 40_000)
  log.stop()
  expect(Math.max(...lines.map((line) => line.length))).toBe(16_384)
})

test('G16: what comes too fast is passed over and counted', async () => {
  const { path, lines, log } = followed('flood')
  const text = `${'y'.repeat(999)}\n`.repeat(4_000)
  appendFileSync(path, text)
  await until(() => log.skippedBytes() > 0)
  log.stop()
  expect(log.skippedBytes()).toBeGreaterThan(3_000_000)
  expect(lines.length).toBeLessThan(300)
})

test('G16: the file is emptied once it is large and read', async () => {
  const { path, lines, log } = followed('large', 'z'.repeat(9_000_000))
  appendFileSync(path, 'last\n')
  await until(() => statSync(path).size === 0)
  appendFileSync(path, 'first\n')
  await until(() => lines.includes('first'))
  log.stop()
  expect(lines).toEqual(['last', 'first'])
})
