// From the PUT of a rule to the first answer by its route, on real Envoys:
// node scripts/bench.mjs routeChange [Envoys] [rounds]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMesh } from '../test/e2e/mesh.ts'
import { envoyOrSkip } from '../test/envoyOrSkip.ts'
import { percentile } from './given/percentile.ts'

const [proxies = 10, rounds = 200] = process.argv.slice(2).map(Number)
const envoy = await envoyOrSkip()
if (envoy.skip) process.exit(69)
const directory = mkdtempSync(join(tmpdir(), 'rutter-bench-'))
const mesh = await startMesh(envoy.path, join(directory, 'log'))
try {
  for (let i = 0; i < proxies; i += 1) {
    const metadata = { name: `service-${i}`, namespace: 'default' }
    const ports = [{ name: 'http', port: 9080, protocol: 'HTTP' }]
    await mesh.put({ apiVersion: 'rutter.dev/v1', kind: 'Service', metadata, spec: { ports } })
  }
  const workloads = []
  for (let i = 0; i < proxies; i += 1)
    workloads.push(await mesh.workload(`service-${i}-a`, { service: `service-${i}`, version: 'v1' }))
  const [client] = workloads
  if (client === undefined) throw new Error('at least one Envoy is needed')
  await mesh.settled()

  const answeredMs: number[] = []
  const acknowledgedMs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const uri = `/round-${round}`
    const from = performance.now()
    const put = mesh
      .put({
        apiVersion: 'config.istio.io/v1alpha2',
        kind: 'RouteRule',
        metadata: { name: 'moved', namespace: 'default' },
        spec: {
          destination: { name: 'service-1' },
          match: { request: { headers: { uri: { exact: uri } } } },
          redirect: { uri: '/new' },
        },
      })
      .then(() => acknowledgedMs.push(performance.now() - from))
    while ((await client.get('service-1:9080', uri)).status !== 301);
    answeredMs.push(performance.now() - from)
    await put
    await mesh.settled()
  }
  console.log(
    `${proxies} Envoys that all get the route, a log on disk, client and controller in one process:`,
  )
  for (const [what, values] of [
    ['PUT → answered to the writer', acknowledgedMs],
    ['PUT → the new route answers', answeredMs],
  ] as const)
    console.log(`  ${what.padEnd(30)} p50 ${percentile(values, 0.5)} ms, p99 ${percentile(values, 0.99)} ms`)
} finally {
  await mesh.stop()
  rmSync(directory, { recursive: true, force: true })
}
