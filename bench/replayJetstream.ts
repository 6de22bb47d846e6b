// Append to and replay from a log in NATS: node scripts/bench.mjs replayJetstream [events] [events per entry] [nodes]
import { isLeft } from 'fp-ts/lib/Either.js'
import { connectNats } from '../src/adapters/nats/connectNats.ts'
import { type JetstreamLog, jetstreamLog } from '../src/adapters/nats/jetstreamLog.ts'
import { natsServerProgram } from '../src/adapters/outsidePrograms/natsServerProgram.ts'
import type { Entry } from '../src/model/entry.ts'
import type { Snapshot } from '../src/model/mesh.ts'
import { emptySnapshot, replayMesh } from '../src/reducers/mesh.ts'
import { startNats } from '../test/adapters/nats/natsHarness.ts'
import { loggedEvent } from './given/loggedEvent.ts'

const [total = 1_000_000, perEntry = 100, nodes = 1] = process.argv.slice(2).map(Number)

const measured = async <T>(what: string, run: () => Promise<T>): Promise<T> => {
  globalThis.gc?.()
  const start = performance.now()
  const cpu = process.cpuUsage()
  const result = await run()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const rate = `${Math.round(total / seconds / 1000)}k events/s`
  console.log(
    `${what.padEnd(44)} ${seconds.toFixed(3)} s  ${rate}, own CPU ${((user + system) / 1e6).toFixed(2)} s`,
  )
  return result
}

const append = async (log: JetstreamLog): Promise<void> => {
  const tookMs: number[] = []
  for (let i = 0, position = 0; i < total; i += perEntry, position += 1) {
    const events = Array.from({ length: Math.min(perEntry, total - i) }, (_, k) => loggedEvent(i + k))
    const start = performance.now()
    const answer = await log.append(events, position)
    tookMs.push(performance.now() - start)
    if (isLeft(answer)) throw new Error(answer.left._tag)
  }
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => tookMs[Math.floor(tookMs.length * share)]?.toFixed(2)
  console.log(`one append of ${perEntry}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`)
}

const reading = async (log: JetstreamLog, onEntries: (entries: readonly Entry[]) => void): Promise<void> => {
  const { position: end } = await log.end()
  for await (const entries of log.tail(0, new AbortController().signal)) {
    onEntries(entries)
    if ((entries.at(-1)?.position ?? 0) >= end) return
  }
}

const folding = async (log: JetstreamLog): Promise<Snapshot> => {
  const replay = replayMesh(emptySnapshot)
  await reading(log, replay.fold)
  return replay.finish()
}

const found = await natsServerProgram.find(process.env)
if (isLeft(found)) throw new Error(`no nats-server: ${found.left.advice}`)
const servers = await startNats(found.right.path, { nodes, extra: 'max_payload: 8MB' })
try {
  const link = await connectNats({ urls: servers.urls, clientName: 'bench' })
  if (isLeft(link)) throw link.left
  const open = () => jetstreamLog(link.right, { mesh: 'bench', onNotice: () => {} })
  const writing = await open()
  await measured(`append, ${perEntry} per entry, with making the events`, () => append(writing))
  await writing.close()
  const log = await open()
  await measured('read, every hash verified', () => reading(log, () => {}))
  await measured('read and fold, every hash verified', () => folding(log))
  console.log(`resident ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`)
  await log.close()
  await link.right.close()
} finally {
  await servers.stop()
}
