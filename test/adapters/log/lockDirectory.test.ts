import { mkdirSync, readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileLog } from '../../../src/adapters/log/fileLog.ts'
import { lockDirectory } from '../../../src/adapters/log/lockDirectory.ts'
import { verifyLog } from '../../../src/adapters/log/verifyLog.ts'
import { bundled, run } from './program.ts'
import { temporaryDirectory } from './temporary.ts'

const locksIn = (directory: string) => readdirSync(directory).filter((name) => name.startsWith('lock-'))

describe('the lock of a log', () => {
  test('L36: a second opener is refused, told who has it, and may come when it is given up', async () => {
    const directory = temporaryDirectory()
    const log = await fileLog(directory)
    await expect(fileLog(directory)).rejects.toMatchObject({ _tag: 'LogInUse', directory, pid: process.pid })
    await log.close()
    expect(locksIn(directory)).toEqual([])
    await (await fileLog(directory)).close()
  })

  test('L36: another process that holds it is named; killed, it is out of the way at once', async () => {
    const directory = temporaryDirectory()
    const program = run(process.execPath, await bundled('appender'), directory)
    await program.lines.next()
    await expect(fileLog(directory)).rejects.toMatchObject({ _tag: 'LogInUse', pid: program.pid })
    expect((await verifyLog(directory)).position).toBeGreaterThan(0)
    await program.kill()
    expect(locksIn(directory)).toHaveLength(1)
    await (await fileLog(directory)).close()
    expect(locksIn(directory)).toEqual([])
  }, 60_000)

  test('L37: a dead lock is dead, though its process id belongs to somebody else now', async () => {
    const directory = temporaryDirectory()
    const program = run(process.execPath, await bundled('appender'), directory)
    await program.lines.next()
    await program.kill()
    const [dead = ''] = locksIn(directory)
    renameSync(join(directory, dead), join(directory, dead.replace(/\d+/, `${process.pid}`)))
    await (await fileLog(directory)).close()
  }, 60_000)

  test('L38: of many who ask at once at most one gets it, and somebody can afterwards', async () => {
    const directory = temporaryDirectory()
    for (let round = 0; round < 20; round += 1) {
      const asked = await Promise.allSettled(Array.from({ length: 6 }, () => lockDirectory(directory)))
      const held = asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
      expect(held.length).toBeLessThanOrEqual(1)
      for (const unlock of held) await unlock()
    }
    await (await lockDirectory(directory))()
    expect(locksIn(directory)).toEqual([])
  })

  test('L36: a path longer than a socket may have is no hindrance', async () => {
    const directory = join(temporaryDirectory(), 'd'.repeat(120))
    mkdirSync(directory)
    const unlock = await lockDirectory(directory)
    await expect(lockDirectory(directory)).rejects.toMatchObject({ _tag: 'LogInUse' })
    await unlock()
    expect(locksIn(directory)).toEqual([])
    await (await lockDirectory(directory))()
  })
})
