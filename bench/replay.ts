// Append, start and replay of a long log: node scripts/bench.mjs replay [events] [events per entry]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isLeft } from 'fp-ts/lib/Either.js'
import { fileCheckpoints } from '../src/adapters/log/fileCheckpoints.ts'
import { fileLog } from '../src/adapters/log/fileLog.ts'
import { readLog } from '../src/adapters/log/readLog.ts'
import { verifyLog } from '../src/adapters/log/verifyLog.ts'
import type { Entry } from '../src/model/entry.ts'
import type { Snapshot } from '../src/model/mesh.ts'
import { emptySnapshot, replayMesh } from '../src/reducers/mesh.ts'
import { loggedEvent } from './given/loggedEvent.ts'

const [total = 1_000_000, perEntry = 100] = process.argv.slice(2).map(Number)
const directory = mkdtempSync(join(tmpdir(), 'rutter-bench-'))

const measured = async <T>(what: string, events: number, run: () => Promise<T>): Promise<T> => {
  globalThis.gc?.()
  const start = performance.now()
  const result = await run()
  const seconds = (performance.now() - start) / 1000
  const rate = events === 0 ? '' : `  ${Math.round(events / seconds / 1000)}k events/s`
  console.log(`${what.padEnd(44)} ${seconds.toFixed(3)} s${rate}`)
  return result
}

const append = async (): Promise<void> => {
  const log = await fileLog(directory)
  const tookMs: number[] = []
  for (let i = 0, position = 0; i < total; i += perEntry, position += 1) {
    const events = Array.from({ length: Math.min(perEntry, total - i) }, (_, k) => loggedEvent(i + k))
    const start = performance.now()
    const answer = await log.append(events, position)
    tookMs.push(performance.now() - start)
    if (isLeft(answer)) throw new Error(answer.left._tag)
  }
  await log.close()
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => tookMs[Math.floor(tookMs.length * share)]?.toFixed(2)
  console.log(
    `one append of ${perEntry}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${tookMs.at(-1)?.toFixed(1)} ms`,
  )
}

const reading = async (hashes: boolean, onEntries: (entries: readonly Entry[]) => void): Promise<void> => {
  if (hashes) await verifyLog(directory, { onEntries })
  else for await (const entries of readLog(directory)) onEntries(entries)
}

const folding = async (hashes: boolean): Promise<Snapshot> => {
  const replay = replayMesh(emptySnapshot)
  await reading(hashes, replay.fold)
  return replay.finish()
}

const checkpoint = async (snapshot: Snapshot): Promise<void> => {
  const checkpoints = fileCheckpoints(directory)
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  await measured('checkpoint, written', 0, () =>
    checkpoints.write({ ...snapshot, logHash: '', meshHash: '' }),
  )
  delay.disable()
  console.log(
    `  longest stall of the event loop ${(delay.max / 1e6).toFixed(1)} ms, p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms`,
  )
  const read = await measured('checkpoint, read', 0, () => checkpoints.newest())
  if (read === undefined) throw new Error('no checkpoint')
  await measured('checkpoint, thawed and frozen', 0, async () => replayMesh(read).finish())
}

try {
  await measured(`append, ${perEntry} per entry, with making the events`, total, append)
  await measured('open', 0, async () => (await fileLog(directory)).close())
  await measured('read', total, () => reading(false, () => {}))
  await measured('read, every hash verified', total, () => reading(true, () => {}))
  const snapshot = await measured('read and fold', total, () => folding(false))
  await measured('read and fold, every hash verified', total, () => folding(true))
  await checkpoint(snapshot)
} finally {
  rmSync(directory, { recursive: true, force: true })
}
