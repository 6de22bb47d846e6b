// From starting `rutter serve` on a large log to the first proxy that has all of its configuration:
// node scripts/bench.mjs start [services] [instances] [rounds]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isLeft } from 'fp-ts/lib/Either.js'
import { fileLog } from '../src/adapters/log/fileLog.ts'
import { envoyLike } from './given/envoyLike.ts'
import { callerIn, entriesOf, largeMesh, namespaceOf } from './given/largeMesh.ts'
import { percentile } from './given/percentile.ts'
import { serve } from './given/serve.ts'

const [services = 10_000, instances = 100_000, rounds = 7] = process.argv.slice(2).map(Number)
const directory = mkdtempSync(join(tmpdir(), 'rutter-bench-'))

const started = async (): Promise<{ servingMs: number; completeMs: number }> => {
  const from = performance.now()
  const served = serve(directory)
  try {
    const { xds } = await served.addresses
    const servingMs = performance.now() - from
    const { client, complete } = envoyLike(xds, callerIn(namespaceOf(0), 0).node)
    await complete
    client.close()
    return { servingMs, completeMs: performance.now() - from }
  } finally {
    served.child.kill('SIGKILL')
    await served.stop()
  }
}

const report = async (what: string): Promise<void> => {
  const times = []
  for (let round = 0; round < rounds; round += 1) times.push(await started())
  const serving = percentile(
    times.map(({ servingMs }) => servingMs),
    0.5,
  )
  const complete = percentile(
    times.map(({ completeMs }) => completeMs),
    0.5,
  )
  console.log(`  ${what.padEnd(18)} serving after ${serving} ms, first proxy complete after ${complete} ms`)
}

try {
  const log = await fileLog(directory)
  const entries = entriesOf(largeMesh(services, instances), 100)
  for (const { events, position } of entries) {
    const answer = await log.append(events, position - 1)
    if (isLeft(answer)) throw new Error(answer.left._tag)
  }
  await log.close()
  console.log(
    `${services} services, ${instances} instances, ${entries.length} entries; median of ${rounds} starts:`,
  )
  await report('from the log')
  // Ended in good order, it leaves a checkpoint.
  const served = serve(directory)
  await served.addresses
  await served.stop()
  await report('from a checkpoint')
} finally {
  rmSync(directory, { recursive: true, force: true })
}
