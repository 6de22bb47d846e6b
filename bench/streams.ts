// One endpoint change on its way to the last of many directly connected streams, and what a stream weighs, with the
// controller in a process of its own: node scripts/bench.mjs streams [streams] [rounds]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { envoyLike } from './given/envoyLike.ts'
import { callerIn, instanceResource, namespaceOf, serviceResource } from './given/largeMesh.ts'
import { percentile } from './given/percentile.ts'
import { residentBytes } from './given/residentBytes.ts'
import { serve } from './given/serve.ts'

const [streams = 1_000, rounds = 200] = process.argv.slice(2).map(Number)
const services = 50
const instancesPerService = 10

const directory = mkdtempSync(join(tmpdir(), 'rutter-bench-'))
const served = serve(join(directory, 'log'))

try {
  const { http, xds } = await served.addresses
  const post = async (resources: readonly unknown[]): Promise<number> => {
    const answer = await fetch(`http://${http}/api/v1/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(resources),
    })
    if (!answer.ok) throw new Error(await answer.text())
    return ((await answer.json()) as { position: number }).position
  }
  await post(Array.from({ length: services }, (_, i) => serviceResource(i)))
  await post(
    Array.from({ length: services * instancesPerService }, (_, n) => instanceResource(n % services, n)),
  )

  const before = residentBytes(served.child.pid)
  const answers: (() => void)[] = []
  let reached = () => {}
  const from = performance.now()
  const clients = Array.from({ length: streams }, (_, i) =>
    envoyLike(xds, callerIn(namespaceOf(0), i).node, (acknowledge) => {
      answers.push(acknowledge)
      if (answers.length === streams) reached()
    }),
  )
  await Promise.all(clients.map(({ complete }) => complete))
  console.log(`${streams} streams, ${services} services visible to each, controller in a process of its own:`)
  console.log(`  all complete in              ${((performance.now() - from) / 1000).toFixed(2)} s`)
  const perStream = (residentBytes(served.child.pid) - before) / streams
  console.log(`  resident memory per stream   ${Math.round(perStream / 1024)} KiB, gRPC connection included`)

  const lastMs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const everyone = new Promise<void>((done) => {
      reached = done
    })
    const instance = instanceResource(0, 0)
    const address = `10.9.0.${1 + (round % 2)}`
    const start = performance.now()
    const position = await post([{ ...instance, spec: { ...instance.spec, address } }])
    await everyone
    lastMs.push(performance.now() - start)
    // Envoys answer on processors of their own; here the answers wait, so that they do not hold up what is measured.
    for (const acknowledge of answers.splice(0)) acknowledge()
    await fetch(`http://${http}/api/v1/wait?position=${position}&timeout=10s`)
  }
  console.log(
    `  change sent → last stream    p50 ${percentile(lastMs, 0.5)} ms, p99 ${percentile(lastMs, 0.99)} ms`,
  )
  for (const { client } of clients) client.close()
} finally {
  await served.stop()
  rmSync(directory, { recursive: true, force: true })
}
