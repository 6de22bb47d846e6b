import { readdirSync, readFileSync, renameSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileLog } from '../../../src/adapters/log/fileLog.ts'
import { readLog } from '../../../src/adapters/log/readLog.ts'
import { openSegmentWriter } from '../../../src/adapters/log/segmentWriter.ts'
import { verifyLog } from '../../../src/adapters/log/verifyLog.ts'
import { granted, taken } from '../../contract/eventLog.ts'
import { registered } from '../../contract/registered.ts'
import { bundled, run } from './program.ts'
import { temporaryDirectory } from './temporary.ts'

/** Hashes by position, as far as entries can be read and verified. */
const hashesIn = async (directory: string): Promise<Map<number, string>> => {
  const hashes = new Map<number, string>()
  for await (const entries of readLog(directory, { hashes: true })) {
    for (const { position, hash } of entries) hashes.set(position, hash)
  }
  return hashes
}

/** Numbers from 0 to `below`, the same at every run (a linear congruential generator). */
const seeded = (seed: number) => {
  let state = seed
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe('crashes', () => {
  test('L32: killed at any moment, the log has every acknowledged entry, and starts again', async () => {
    const appender = await bundled('appender')
    const directory = temporaryDirectory()
    const acknowledged = new Map<number, string>()
    const random = seeded(32)
    for (let round = 0; round < 32; round += 1) {
      const program = run(process.execPath, appender, directory)
      const lines = random(40)
      let seen = 0
      const killed = lines === 0 ? program.kill() : undefined
      for await (const line of program.lines) {
        const [position, hash] = line.split(' ') as [string, string]
        acknowledged.set(Number(position), hash)
        seen += 1
        // What it writes after this and before its end still counts.
        if (seen === lines) void program.kill()
      }
      await (killed ?? program.kill())
      const there = await hashesIn(directory)
      for (const [position, hash] of acknowledged) expect(there.get(position)).toBe(hash)
      // One entry at most may have been durable and not yet answered.
      expect(there.size - Math.max(0, ...acknowledged.keys())).toBeLessThanOrEqual(1)
    }
    expect(readdirSync(join(directory, 'segments')).length).toBeGreaterThan(5)
    const log = await fileLog(directory)
    expect((await log.end()).position).toBeGreaterThanOrEqual(acknowledged.size)
    await log.close()
  }, 180_000)

  test('L33: a full disk refuses the append, leaves nothing of it, and takes what still fits', async () => {
    const appender = await bundled('appender')
    const directory = temporaryDirectory()
    // The limit on the size of files stands in for the disk's: a write goes as far as it can, then fails.
    const limited = 'ulimit -f 16; exec "$@"'
    const program = run('bash', '-c', limited, 'bash', process.execPath, appender, directory, '2')
    const lines: string[] = []
    for await (const line of program.lines) lines.push(line)
    const refusedAt = lines.findIndex((line) => line.startsWith('refused: '))
    expect(lines[refusedAt]).toMatch(/cannot write .*\.log: EFBIG/)
    expect(refusedAt).toBeLessThan(lines.length - 2)
    const acknowledged = lines.filter((line) => !line.startsWith('refused: '))
    const there = await hashesIn(directory)
    expect([...there].map(([position, hash]) => `${position} ${hash}`)).toEqual(acknowledged)
    const notices: string[] = []
    await (await fileLog(directory, { onNotice: (message) => notices.push(message) })).close()
    expect(notices).toEqual([])
  }, 60_000)

  test('L34: after a sync that failed no append is taken, and reading goes on', async () => {
    const directory = temporaryDirectory()
    const before = await fileLog(directory)
    const entry = granted(await before.append([registered('a')], 0))
    await before.close()
    const log = await fileLog(directory)
    const segment = join(directory, 'segments', '00000000000000000001.log')
    renameSync(segment, `${segment}.kept`)
    // Writing to this device succeeds, a sync does not.
    symlinkSync('/dev/null', segment)
    await expect(log.append([registered('b')], 1)).rejects.toThrow(/takes no more entries: .*EINVAL/)
    renameSync(`${segment}.kept`, segment)
    await expect(log.append([registered('b')], 1)).rejects.toThrow(/takes no more entries: .*EINVAL/)
    expect(await log.end()).toEqual({ position: 1, hash: entry.hash })
    expect(await taken(log, 0, 1)).toEqual([entry])
    await log.close()
    expect(await verifyLog(directory)).toEqual({ position: 1, hash: entry.hash })
  })

  test('L34: a write that failed is clean, a sync that failed is not', async () => {
    const writer = openSegmentWriter('/dev/null')
    await expect(writer.write(Buffer.from('x'), 0)).rejects.toMatchObject({
      _tag: 'WriteFailed',
      clean: false,
    })
    writer.close()
    expect(readFileSync('/dev/null')).toHaveLength(0)
  })

  test('L35: a reader beside a live writer sees a whole, growing log', async () => {
    const directory = temporaryDirectory()
    const program = run(process.execPath, await bundled('appender'), directory)
    let acknowledged = 0
    let reads = 0
    for await (const line of program.lines) {
      acknowledged = Number(line.split(' ')[0])
      if (acknowledged % 25 !== 0) continue
      expect((await verifyLog(directory)).position).toBeGreaterThanOrEqual(acknowledged)
      reads += 1
      if (reads === 20) break
    }
    await program.kill()
    expect((await verifyLog(directory)).position).toBeGreaterThanOrEqual(acknowledged)
  }, 60_000)
})
