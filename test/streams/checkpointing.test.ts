import { expect, test } from 'vitest'
import { memoryLog } from '../../src/adapters/log/memoryLog.ts'
import type { Checkpoint } from '../../src/ports.ts'
import { emptySnapshot } from '../../src/reducers/mesh.ts'
import { catchUp } from '../../src/streams/catchUp.ts'
import { createCheckpointing } from '../../src/streams/checkpointing.ts'
import { service } from '../reducers/given.ts'
import { apply, handClock, startOn, written } from './running.ts'

/** Checkpointing whose newest checkpoint stands at `from`, and what it has written since. */
const checkpointing = (from: number, failing = false) => {
  const clock = handClock()
  const taken: Checkpoint[] = []
  const notices: string[] = []
  const running = createCheckpointing({
    checkpoints: {
      newest: async () => undefined,
      write: async (checkpoint) => {
        if (failing) throw new Error('the disk is full')
        taken.push(checkpoint)
      },
    },
    clock,
    written: from,
    hashOf: ({ position }) => `mesh-${position}`,
    notice: (message) => notices.push(message),
  })
  const folded = (position: number) => running.folded({ ...emptySnapshot, position }, `log-${position}`)
  return { ...running, folded, clock, taken, notices, positions: () => taken.map(({ position }) => position) }
}

test('S14: what a start had to replay is in a checkpoint when the controller ends, with the hashes of log and mesh', async () => {
  const { folded, finish, taken } = checkpointing(5)
  folded(7)
  await finish()
  expect(taken).toEqual([{ ...emptySnapshot, position: 7, logHash: 'log-7', meshHash: 'mesh-7' }])
})

test('S14: nothing is written that a checkpoint holds already', async () => {
  const { folded, finish, taken } = checkpointing(7)
  await finish()
  folded(7)
  await finish()
  expect(taken).toEqual([])
})

test('S14: a running controller writes one a minute at most, and not for a few entries', async () => {
  const { folded, finish, positions, clock } = checkpointing(0)
  folded(2_000)
  expect(positions()).toEqual([])
  clock.set(clock.nowMs() + 60_000)
  folded(2_001)
  folded(2_002)
  expect(positions()).toEqual([2_001])
  clock.set(clock.nowMs() + 60_000)
  folded(2_500)
  expect(positions()).toEqual([2_001])
  await finish()
  expect(positions()).toEqual([2_001, 2_500])
})

test('S14: a checkpoint that cannot be written is told and counted, and ends nothing', async () => {
  const { folded, finish, counters, notices } = checkpointing(0, true)
  folded(3)
  await finish()
  expect(notices).toEqual(['no checkpoint at 3: the disk is full'])
  expect(counters()).toEqual({ written: 0, failed: 1 })
})

test('S15: catching up ends where the log ended when asked, and gives the hash of that entry', async () => {
  const log = memoryLog()
  const { write, controller } = startOn(log)
  await written(write([apply(service('one'))]))
  await written(write([apply(service('two'))]))
  const end = await log.end()
  const { snapshot, logHash } = await catchUp(log, emptySnapshot)
  expect({ position: snapshot.position, hash: logHash }).toEqual(end)
  expect(controller.hashOf(snapshot)).toBe(controller.hashOf(controller.snapshot()))
  expect(await catchUp(log, snapshot)).toEqual({ snapshot, logHash: '' })
})
