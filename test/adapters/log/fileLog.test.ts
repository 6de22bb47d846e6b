import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileLog } from '../../../src/adapters/log/fileLog.ts'
import { eventLogContract, granted, taken } from '../../contract/eventLog.ts'
import { registered } from '../../contract/registered.ts'
import { temporaryDirectory } from './temporary.ts'

eventLogContract('fileLog', (limitBytes) => fileLog(temporaryDirectory(), { limitBytes }))

eventLogContract('fileLog of tiny segments', (limitBytes) =>
  fileLog(temporaryDirectory(), { limitBytes, segmentBytes: 1000 }),
)

eventLogContract('fileLog that keeps nothing in memory', (limitBytes) =>
  fileLog(temporaryDirectory(), { limitBytes, segmentBytes: 1000, recent: 0 }),
)

describe('fileLog', () => {
  test('L20: what was acknowledged is there after closing and opening', async () => {
    const directory = temporaryDirectory()
    const before = await fileLog(directory)
    const entries = []
    for (let i = 1; i <= 5; i += 1) entries.push(granted(await before.append([registered(`s${i}`)], i - 1)))
    const end = await before.end()
    await before.close()
    const log = await fileLog(directory)
    expect(await log.end()).toEqual(end)
    expect(await taken(log, 0, 5)).toEqual(entries)
    expect(granted(await log.append([registered('s6')], 5)).position).toBe(6)
    await log.close()
  })

  test('L21: a segment that would outgrow its size is followed by another, and reading crosses', async () => {
    const directory = temporaryDirectory()
    const log = await fileLog(directory, { segmentBytes: 2000 })
    for (let i = 1; i <= 20; i += 1) granted(await log.append([registered(`s${i}`)], i - 1))
    await log.close()
    const names = readdirSync(join(directory, 'segments')).sort()
    expect(names.length).toBeGreaterThan(3)
    expect(names[0]).toBe('00000000000000000001.log')
    const again = await fileLog(directory, { segmentBytes: 2000 })
    expect((await taken(again, 0, 20)).map(({ position }) => position)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
    expect((await taken(again, 13, 1)).map(({ position }) => position)).toEqual([14])
    await again.close()
  })
})
