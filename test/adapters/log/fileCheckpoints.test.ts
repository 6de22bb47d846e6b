import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { readCheckpointFile } from '../../../src/adapters/log/checkpointFile.ts'
import {
  checkpointPath,
  fileCheckpoints,
  listCheckpoints,
} from '../../../src/adapters/log/fileCheckpoints.ts'
import type { Checkpoint } from '../../../src/ports.ts'
import { applied, given, instance, routeRule, service } from '../../reducers/given.ts'
import { temporaryDirectory } from './temporary.ts'

const { mesh, at } = given(
  ...Array.from({ length: 300 }, (_, i) => applied(service(`s${i}`))),
  ...Array.from({ length: 300 }, (_, i) => applied(instance(`i${i}`, `s${i}`, `10.0.0.${i % 256}`))),
  applied(routeRule('r', { destination: { name: 's1' }, precedence: 1 })),
  applied({
    apiVersion: 'rutter.dev/v1',
    kind: 'MeshSettings',
    metadata: { name: 'mesh', namespace: 'default' },
    spec: { domain: 'Grüße.local' },
  }),
)
const checkpointAt = (position: number): Checkpoint => ({
  position,
  at,
  logHash: 'a'.repeat(64),
  meshHash: 'b'.repeat(64),
  mesh,
})

describe('fileCheckpoints', () => {
  test('L39: the newest is read back as it was written', async () => {
    const checkpoints = fileCheckpoints(temporaryDirectory())
    expect(await checkpoints.newest()).toBeUndefined()
    await checkpoints.write(checkpointAt(9))
    await checkpoints.write(checkpointAt(10))
    expect(await checkpoints.newest()).toEqual(checkpointAt(10))
  })

  test('L39: a mesh that holds nothing is read back too', async () => {
    const checkpoints = fileCheckpoints(temporaryDirectory())
    const empty = { ...checkpointAt(1), mesh: given().mesh }
    await checkpoints.write(empty)
    expect(await checkpoints.newest()).toEqual(empty)
  })

  test('L40: the newest two are kept, and nothing half-written', async () => {
    const directory = temporaryDirectory()
    const checkpoints = fileCheckpoints(directory)
    await checkpoints.write(checkpointAt(1))
    writeFileSync(`${checkpointPath(directory, 2)}.tmp`, '[\n{')
    for (const position of [3, 4]) await checkpoints.write(checkpointAt(position))
    expect(await listCheckpoints(directory)).toEqual([3, 4])
    expect(readdirSync(join(directory, 'checkpoints'))).toHaveLength(2)
  })

  test('L40: those of a log that is gone go when one is written at a lower position', async () => {
    const directory = temporaryDirectory()
    const checkpoints = fileCheckpoints(directory)
    for (const position of [70, 80, 1]) await checkpoints.write(checkpointAt(position))
    expect(await listCheckpoints(directory)).toEqual([1])
  })

  test('L41: one that is spoilt anywhere is passed over for the one before', async () => {
    const directory = temporaryDirectory()
    const checkpoints = fileCheckpoints(directory)
    await checkpoints.write(checkpointAt(1))
    await checkpoints.write(checkpointAt(2))
    const path = checkpointPath(directory, 2)
    const good = readFileSync(path)
    const spoilt = [
      ...Array.from({ length: 60 }, (_, i) => flipped(good, Math.floor((i * good.length) / 60), i % 8)),
      ...Array.from({ length: 16 }, (_, i) => flipped(good, good.length - 1 - i, i % 8)),
      ...Array.from({ length: 60 }, (_, i) => good.subarray(0, Math.floor((i * good.length) / 60))),
      good.subarray(0, -1),
      Buffer.concat([good, Buffer.from('\n')]),
    ]
    for (const bytes of spoilt) {
      writeFileSync(path, bytes)
      expect(await readCheckpointFile(path)).toMatchObject({
        left: { _tag: 'CheckpointDamaged', file: path },
      })
    }
    expect(await checkpoints.newest()).toEqual(checkpointAt(1))
  })

  test('L41: one of another version is passed over, and is no damage', async () => {
    const directory = temporaryDirectory()
    const checkpoints = fileCheckpoints(directory)
    for (const [position, was, is] of [
      [2, '"shape":2', '"shape":0'],
      [3, '"format":1', '"format":2'],
    ] as const) {
      await checkpoints.write(checkpointAt(1))
      await checkpoints.write(checkpointAt(position))
      rewrite(checkpointPath(directory, position), (text) => text.replace(was, is))
      const found = await readCheckpointFile(checkpointPath(directory, position))
      expect(isLeft(found) && found.left._tag).toBe('CheckpointOfOtherVersion')
      expect(await checkpoints.newest()).toEqual(checkpointAt(1))
    }
  })

  test('L42: a checkpoint that cannot be written leaves nothing and the ones before', async () => {
    const directory = temporaryDirectory()
    const checkpoints = fileCheckpoints(directory)
    await checkpoints.write(checkpointAt(1))
    const unwritable = { ...checkpointAt(2), at: 1n as never }
    await expect(checkpoints.write(unwritable)).rejects.toThrow('BigInt')
    expect(existsSync(`${checkpointPath(directory, 2)}.tmp`)).toBe(false)
    expect(await checkpoints.newest()).toEqual(checkpointAt(1))
    await checkpoints.write(checkpointAt(2))
  })

  test('L42: a second write while one is under way throws', async () => {
    const checkpoints = fileCheckpoints(temporaryDirectory())
    const first = checkpoints.write(checkpointAt(1))
    await expect(checkpoints.write(checkpointAt(2))).rejects.toThrow('already')
    await first
    expect((await checkpoints.newest())?.position).toBe(1)
  })

  test('L43: a checkpoint file is JSON', async () => {
    const directory = temporaryDirectory()
    await fileCheckpoints(directory).write(checkpointAt(7))
    const [header] = JSON.parse(readFileSync(checkpointPath(directory, 7), 'utf8'))
    expect(header).toMatchObject({ format: 1, shape: 2, position: 7 })
  })
})

const flipped = (bytes: Buffer, offset: number, bit: number): Buffer => {
  const copy = Buffer.from(bytes)
  copy[offset] = (copy[offset] as number) ^ (1 << bit)
  return copy
}

/** Changes the lines of a checkpoint and gives it a right checksum again. */
const rewrite = (path: string, change: (text: string) => string): void => {
  const text = readFileSync(path, 'utf8')
  const lines = change(text.slice(0, text.lastIndexOf('\n', text.length - 4) + 1))
  writeFileSync(path, `${lines}${crc32(lines)}\n]\n`)
}
