// What an agent weighs beside its Envoy, and how soon it has its Envoy routing: node scripts/bench.mjs agent [services]
// [rounds] [idle seconds]
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { envoyProgram } from '../src/adapters/outsidePrograms/envoyProgram.ts'
import { natsServerProgram } from '../src/adapters/outsidePrograms/natsServerProgram.ts'
import { startNats } from '../test/adapters/nats/natsHarness.ts'
import { freePort } from '../test/freePort.ts'
import { instanceResource, serviceResource } from './given/largeMesh.ts'
import { percentile } from './given/percentile.ts'
import { programAt } from './given/programAt.ts'
import { residentBytes } from './given/residentBytes.ts'
import { serve } from './given/serve.ts'

const [services = 50, rounds = 9, idleSeconds = 20] = process.argv.slice(2).map(Number)

const nats = await startNats(await programAt(natsServerProgram))
const envoy = await programAt(envoyProgram)
const directory = mkdtempSync(join(tmpdir(), 'rutter-bench-'))
const url = nats.urls.join(',')
const served = serve('nats', '--nats', url)
const app = createServer((_, response) => response.end('ok')).listen(0, '127.0.0.1')

/** Whether a request through the explicit HTTP proxy at `port` reaches the application. */
const routes = (port: number): Promise<boolean> =>
  new Promise((answer) => {
    const headers = { host: 'service-0.team-0:9080' }
    const asked = request({ host: '127.0.1.1', port, path: '/', headers, agent: false }, (response) => {
      response.resume()
      answer(response.statusCode === 200)
    })
    asked.on('error', () => answer(false))
    asked.end()
  })

/** Starts an agent; milliseconds from there until a request is routed. */
const startAgent = async (name: string) => {
  const state = join(directory, name)
  const port = await freePort()
  const node = `sidecar~127.0.1.1~${name}.team-0~team-0.svc.cluster.local`
  const args = ['agent', '--node', node, '--nats', url, '--state', state, '--envoy', envoy]
  const from = performance.now()
  const child = spawn(
    process.execPath,
    [resolve('dist/rutter.mjs'), ...args, '--http-proxy', `127.0.1.1:${port}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  let said = ''
  child.stderr.on('data', (text) => {
    said += text
  })
  const ended = new Promise<void>((done) => {
    child.once('exit', () => done())
  })
  while (!(await routes(port))) {
    if (child.exitCode !== null) throw new Error(said)
    await pause(2)
  }
  const routingMs = performance.now() - from
  return {
    routingMs,
    pid: child.pid as number,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

try {
  const { http } = await served.addresses
  const real = instanceResource(0, 0)
  const answer = await fetch(`http://${http}/api/v1/config`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([
      ...Array.from({ length: services }, (_, i) => serviceResource(i)),
      ...Array.from({ length: services * 10 }, (_, n) => instanceResource(n % services, n)).slice(1),
      {
        ...real,
        spec: {
          service: 'service-0',
          labels: { real: 'yes' },
          address: '127.0.0.1',
          ports: { http: (app.address() as AddressInfo).port },
        },
      },
      // The other instances of service-0 are not there: they are of another subset, which a rule leaves out.
      {
        apiVersion: 'config.istio.io/v1alpha2',
        kind: 'RouteRule',
        metadata: { name: 'real', namespace: 'team-0' },
        spec: { destination: { name: 'service-0' }, route: [{ labels: { real: 'yes' } }] },
      },
    ]),
  })
  if (!answer.ok) throw new Error(await answer.text())

  const routingMs: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const agent = await startAgent(`round-${round}`)
    routingMs.push(agent.routingMs)
    await agent.stop()
  }
  console.log(`an agent and its Envoy, ${services} services of 10 instances:`)
  console.log(
    `  start → Envoy routes   p50 ${percentile(routingMs, 0.5)} ms, slowest of ${rounds} ${percentile(routingMs, 1)} ms`,
  )
  const agent = await startAgent('idle')
  await pause(idleSeconds * 1000)
  console.log(
    `  resident memory        ${(residentBytes(agent.pid) / 1e6).toFixed(1)} MB after ${idleSeconds} s idle`,
  )
  await agent.stop()
} finally {
  app.close()
  await served.stop()
  await nats.stop()
  rmSync(directory, { recursive: true, force: true })
}
