import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fileCheckpoints } from '../../src/adapters/log/fileCheckpoints.ts'
import { service } from './documents.ts'
import { onServer } from './onServer.ts'
import { runCli } from './runCli.ts'

describe('rutter replay', () => {
  const { rutter, file, path, controller } = onServer()
  const replay = () => runCli(['replay', '--log', path('log'), '-o', 'json'])

  const given = async (entries: number): Promise<void> => {
    for (let i = 0; i < entries; i += 1) await rutter(['apply', '-f', await file('s.yaml', service(`s${i}`))])
  }

  /** A checkpoint of the mesh as it is now. */
  const checkpointed = async (meshHash?: string): Promise<void> => {
    const { controller: running } = controller()
    const snapshot = running.snapshot()
    const entry = JSON.parse(
      (await rutter(['events', '-o', 'json', '--from', String(snapshot.position)])).out,
    )
    await fileCheckpoints(path('log')).write({
      ...snapshot,
      logHash: entry.hash,
      meshHash: meshHash ?? running.hashOf(snapshot),
    })
  }

  const flipByteIn = async (folder: string, at: (length: number) => number): Promise<string> => {
    const [name = ''] = await readdir(join(path('log'), folder))
    const damaged = join(path('log'), folder, name)
    const bytes = await readFile(damaged)
    const index = at(bytes.length)
    bytes[index] = (bytes[index] ?? 0) ^ 1
    await writeFile(damaged, bytes)
    return damaged
  }

  test('K13: beside a live server it folds to the same hash', async () => {
    await given(3)
    const { code, out } = await replay()
    const { hash, position } = JSON.parse(
      await (await fetch(`${controller().http.url}/api/v1/snapshot`)).text(),
    )
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ position, hash, entries: 3, seconds: expect.any(Number) })
  })

  test('K13: a damaged entry ends with 2 and names file and position', async () => {
    await given(3)
    const damaged = await flipByteIn('segments', (length) => Math.floor(length / 2))
    const { code, out, err } = await replay()
    expect(code).toBe(2)
    expect(out).toBe('')
    expect(err).toContain(damaged)
    expect(err).toMatch(/position [123]/)
  })

  test('K13: a good checkpoint passes, a spoilt one ends with 2', async () => {
    await given(2)
    await checkpointed()
    await given(3)
    expect((await replay()).code).toBe(0)
    const damaged = await flipByteIn('checkpoints', (length) => length - 30)
    const { code, err } = await replay()
    expect(code).toBe(2)
    expect(err).toContain(damaged)
  })

  test('K13: a checkpoint that says something else than the log ends with 2', async () => {
    await given(2)
    await checkpointed('0'.repeat(64))
    const { code, err } = await replay()
    expect(code).toBe(2)
    expect(err).toContain('another mesh')
  })

  test('K13: where there is no log it ends with 2, and says so', async () => {
    expect(await runCli(['replay', '--log', path('nowhere')])).toMatchObject({
      code: 2,
      err: `error: there is no log here: ${path('nowhere')}\n`,
    })
  })
})
