import { cpSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { chainHash } from '../../../src/adapters/log/chainHash.ts'
import { fileLog } from '../../../src/adapters/log/fileLog.ts'
import { encodeFrame, frameHeaderBytes } from '../../../src/adapters/log/frame.ts'
import { readHead } from '../../../src/adapters/log/head.ts'
import { isLogDamaged, type LogDamaged } from '../../../src/adapters/log/logDamaged.ts'
import { readLog } from '../../../src/adapters/log/readLog.ts'
import { segmentHeaderBytes } from '../../../src/adapters/log/segmentHeader.ts'
import { verifyLog } from '../../../src/adapters/log/verifyLog.ts'
import { type Entry, genesisHash } from '../../../src/model/entry.ts'
import type { Envelope } from '../../../src/model/event.ts'
import { collected, granted, taken } from '../../contract/eventLog.ts'
import { temporaryDirectory } from './temporary.ts'

const removed = (i: number): Envelope => ({
  id: `${i}`,
  type: 'ServiceRemoved',
  v: 1,
  at: '2026-01-01T00:00:00.000Z',
  actor: 'a',
  source: 's',
  data: { namespace: 'd', name: `s${i}` },
})
const frameBytes = frameHeaderBytes + JSON.stringify([removed(1)]).length

/** Five entries of equal length: three in the first segment, two in the second. */
const smallLog = async () => {
  const directory = temporaryDirectory()
  const log = await fileLog(directory, { segmentBytes: segmentHeaderBytes + 3 * frameBytes })
  const entries: Entry[] = []
  const heads: Buffer[] = [readFileSync(join(directory, 'head'))]
  for (let i = 1; i <= 5; i += 1) {
    entries.push(granted(await log.append([removed(i)], i - 1)))
    heads.push(readFileSync(join(directory, 'head')))
  }
  await log.close()
  const segments = readdirSync(join(directory, 'segments')).map((name) => join(directory, 'segments', name))
  const [first, last] = segments.sort() as [string, string]
  return { directory, entries, heads, first, last, head: join(directory, 'head') }
}

/** All entries, every one verified, or the damage that was found. Any other failure is thrown. */
const outcome = async (directory: string): Promise<readonly Entry[] | LogDamaged> => {
  try {
    return await collected(readLog(directory, { hashes: true }))
  } catch (error) {
    if (isLogDamaged(error)) return error
    throw error
  }
}

/** The position of the entry that byte `offset` of the segment with `first` belongs to. */
const positionAt = (offset: number, first: number): number =>
  first + Math.max(0, Math.floor((offset - segmentHeaderBytes) / frameBytes))

// The exhaustive tests open a log some ten thousand times.
describe('a damaged log', { timeout: 180_000 }, () => {
  test('L24: the log in these tests is what they take it for', async () => {
    const { directory, entries, first, last } = await smallLog()
    expect(readFileSync(first)).toHaveLength(segmentHeaderBytes + 3 * frameBytes)
    expect(readFileSync(last)).toHaveLength(segmentHeaderBytes + 2 * frameBytes)
    expect(await outcome(directory)).toEqual(entries)
    expect(await verifyLog(directory)).toEqual({ position: 5, hash: entries[4]?.hash })
  })

  test('L24: whatever bit of a segment flips, file and position are named', async () => {
    const { directory, first, last } = await smallLog()
    for (const [file, begins] of [
      [first, 1],
      [last, 4],
    ] as const) {
      await eachFlip(file, async (offset) => {
        const found = await outcome(directory)
        expect(found).toMatchObject({ _tag: 'LogDamaged', file, position: positionAt(offset, begins) })
      })
    }
  })

  test('L25: behind the head a spoilt last entry is cut off, any other spoilt entry is damage', async () => {
    const { directory, entries, heads, head, last } = await smallLog()
    writeFileSync(head, heads[3] as Buffer)
    await eachFlip(last, async (offset) => {
      const found = await outcome(directory)
      if (positionAt(offset, 4) === 5) expect(found).toEqual(entries.slice(0, 4))
      else expect(found).toMatchObject({ _tag: 'LogDamaged', file: last })
    })
  })

  test('L24: whatever bit of the head flips, no entry is lost', async () => {
    const { directory, entries, head } = await smallLog()
    await eachFlip(
      head,
      async () => expect(await outcome(directory)).toEqual(entries),
      (offset) => offset % 4096 < 56,
    )
  })

  test('L24: a segment that is shorter than the head says is damage, however short it is', async () => {
    const { directory, first, last } = await smallLog()
    for (const file of [first, last]) {
      await eachTruncation(file, async () =>
        expect(await outcome(directory)).toMatchObject({ _tag: 'LogDamaged', file }),
      )
    }
  })

  test('L25: an entry that is torn behind the head is cut off, wherever it is torn', async () => {
    const { directory, entries, heads, head, last } = await smallLog()
    writeFileSync(head, heads[4] as Buffer)
    await eachTruncation(last, async (bytes) => {
      const found = await outcome(directory)
      if (bytes < segmentHeaderBytes + frameBytes) expect(found).toMatchObject({ _tag: 'LogDamaged' })
      else expect(found).toEqual(entries.slice(0, 4))
    })
  })

  test('L25: opening cuts the torn entry off, says so, and goes on at its position', async () => {
    const { directory, entries, heads, head, last } = await smallLog()
    writeFileSync(head, heads[4] as Buffer)
    truncateSync(last, segmentHeaderBytes + frameBytes + 20)
    const notices: string[] = []
    const log = await fileLog(directory, { onNotice: (message) => notices.push(message) })
    expect(notices).toEqual([`${last}: cut off 20 bytes of a torn entry 5`])
    const again = granted(await log.append([removed(6)], 4))
    expect(await taken(log, 0, 5)).toEqual([...entries.slice(0, 4), again])
    await log.close()
    expect(await outcome(directory)).toEqual([...entries.slice(0, 4), again])
  })

  test('L26: entries beyond the head that are whole are taken', async () => {
    const { directory, entries, heads, head } = await smallLog()
    writeFileSync(head, heads[3] as Buffer)
    const log = await fileLog(directory)
    expect(await taken(log, 0, 5)).toEqual(entries)
    await log.close()
    expect(await readHead(directory)).toEqual({ position: 5, hash: entries[4]?.hash })
  })

  test('L27: opening refuses what is damaged, and changes nothing', async () => {
    const { directory, first, last, head } = await smallLog()
    const spoil: Readonly<Record<string, () => void>> = {
      'the head is missing': () => rmSync(head),
      'the head is cut short': () => truncateSync(head, 10),
      'the first segment is missing': () => rmSync(first),
      'the last segment is missing': () => rmSync(last),
      'all segments are missing': () => rmSync(join(directory, 'segments'), { recursive: true }),
      'the first segment is cut short': () => truncateSync(first, segmentHeaderBytes + frameBytes),
      'the last segment is cut short': () => truncateSync(last, segmentHeaderBytes + frameBytes),
      'a segment stands in for another': () => renameSync(first, last),
    }
    const kept = temporaryDirectory()
    cpSync(directory, kept, { recursive: true })
    for (const [what, how] of Object.entries(spoil)) {
      how()
      const before = contents(directory)
      await expect(fileLog(directory), what).rejects.toSatisfy(isLogDamaged)
      await expect(verifyLog(directory), what).rejects.toSatisfy(isLogDamaged)
      expect(contents(directory), what).toEqual(before)
      rmSync(directory, { recursive: true })
      cpSync(kept, directory, { recursive: true })
    }
    await (await fileLog(directory)).close()
  })

  test('L27: a segment missing in the middle is noticed at opening', async () => {
    const directory = temporaryDirectory()
    const log = await fileLog(directory, { segmentBytes: segmentHeaderBytes + frameBytes })
    for (let i = 1; i <= 4; i += 1) granted(await log.append([removed(i)], i - 1))
    await log.close()
    rmSync(join(directory, 'segments', '00000000000000000002.log'))
    await expect(fileLog(directory)).rejects.toMatchObject({ _tag: 'LogDamaged', position: 2 })
  })

  test('L28: files of other names are left alone', async () => {
    const { directory, entries } = await smallLog()
    writeFileSync(join(directory, 'segments', '.DS_Store'), 'x')
    writeFileSync(join(directory, 'segments', '00000000000000000001.log.bak'), 'x')
    writeFileSync(join(directory, 'notes.txt'), 'x')
    const log = await fileLog(directory)
    expect(await taken(log, 0, 5)).toEqual(entries)
    await log.close()
    expect(readdirSync(join(directory, 'segments'))).toContain('.DS_Store')
  })

  test('L29: where there is no log, reading says so; opening makes one, unless a file stands there', async () => {
    const directory = join(temporaryDirectory(), 'a', 'b')
    await expect(verifyLog(directory)).rejects.toMatchObject({ _tag: 'LogDamaged', file: directory })
    await (await fileLog(directory)).close()
    expect(await verifyLog(directory)).toEqual({ position: 0, hash: genesisHash })
    const file = join(directory, 'head')
    await expect(fileLog(file)).rejects.toMatchObject({ _tag: 'LogDamaged', file })
    await expect(verifyLog(file)).rejects.toMatchObject({ _tag: 'LogDamaged', file })
  })

  test('L29: a directory that cannot be made is refused with the reason', async () => {
    await expect(fileLog('/proc/none/log')).rejects.toThrow(/^\/proc\/none\/log cannot be made: ENOENT/)
  })

  test('L30: an entry that was rewritten, checksum and all, breaks the chain, for verifiers and tails', async () => {
    const { directory, entries, last } = await smallLog()
    const payload = JSON.stringify([removed(4)]).replace('s4', 's9')
    replaceFrame(last, 0, encodeFrame(4, entries[3]?.hash ?? '', payload))
    expect(await collected(readLog(directory))).toHaveLength(5)
    await expect(verifyLog(directory)).rejects.toMatchObject({
      file: last,
      position: 4,
      reason: 'the hash chain is broken',
    })
    const log = await fileLog(directory)
    await expect(taken(log, 0, 5)).rejects.toMatchObject({ file: last, position: 4 })
    await log.close()
  })

  test('L31: an event of a type or version that this build does not know is damage', async () => {
    for (const [was, is] of [
      ['ServiceRemoved', 'ServiceVanished'],
      ['"v":1', '"v":9'],
    ] as const) {
      const { directory, entries, last, head, heads } = await smallLog()
      writeFileSync(head, heads[4] as Buffer)
      const payload = JSON.stringify([removed(5)]).replace(was, is)
      replaceFrame(last, 1, encodeFrame(5, chainHash(entries[3]?.hash ?? '', payload), payload))
      await expect(verifyLog(directory)).rejects.toMatchObject({ file: last, position: 5 })
    }
  })
})

const replaceFrame = (file: string, index: number, frame: Buffer): void => {
  const before = readFileSync(file).subarray(0, segmentHeaderBytes + index * frameBytes)
  const after = readFileSync(file).subarray(before.length + frameBytes)
  writeFileSync(file, Buffer.concat([before, frame, after]))
}

const eachFlip = async (
  file: string,
  check: (offset: number) => Promise<void>,
  wanted: (offset: number) => boolean = () => true,
): Promise<void> => {
  const good = readFileSync(file)
  for (let offset = 0; offset < good.length; offset += 1) {
    for (let bit = 0; bit < 8 && wanted(offset); bit += 1) {
      const bad = Buffer.from(good)
      bad[offset] = (bad[offset] as number) ^ (1 << bit)
      writeFileSync(file, bad)
      await check(offset)
    }
  }
  writeFileSync(file, good)
}

const eachTruncation = async (file: string, check: (bytes: number) => Promise<void>): Promise<void> => {
  const good = readFileSync(file)
  for (let bytes = 0; bytes < good.length; bytes += 1) {
    writeFileSync(file, good.subarray(0, bytes))
    await check(bytes)
  }
  writeFileSync(file, good)
}

const contents = (directory: string): Map<string, string> =>
  new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name))
      .sort()
      .map((path) => [path, readFileSync(path, 'latin1')]),
  )
