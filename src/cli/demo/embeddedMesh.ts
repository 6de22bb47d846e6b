import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { isLeft } from 'fp-ts/lib/Either.js'
import { type EnvoyProcess, startEnvoyProcess } from '../../adapters/envoy/envoyProcess.ts'
import { bootstrap } from '../../agent/bootstrap.ts'
import type { Resource } from '../../model/resource.ts'
import { startController } from '../startController.ts'
import { buildFacts } from '../version.ts'
import { nodeOf, registryAt, reviewsRule, type Workload, workloadsAt } from './bookinfo.ts'
import type { DemoMesh, DemoParts } from './demoMesh.ts'

const startLimitMs = 30_000

/** The embedded shape: a controller in this process, and Envoys that connect to it. Rejects when an Envoy is not live
 *  within 30 s. */
export const embeddedMesh = async (parts: DemoParts): Promise<DemoMesh> => {
  const { place, directory, will, toStop, progress, broke } = parts
  progress('Starting the controller …')
  const started = await startController({
    log: join(directory, 'log'),
    http: parts.http,
    xds: { host: '127.0.0.1', port: 0 },
    version: buildFacts.version,
    notice: progress,
    lost: (reason) => broke(`the controller cannot go on: ${reason.message}`),
  })
  toStop.push(started.close)
  const apply = async (resources: readonly Resource[]): Promise<number> => {
    const changes = resources.map((resource) => ({ type: 'apply' as const, resource }))
    const written = await started.controller.write({ changes, actor: 'demo', source: 'demo' })
    if (isLeft(written)) throw new Error(`the controller refuses the demo: ${JSON.stringify(written.left)}`)
    return written.right.position
  }
  await apply([...registryAt(place), reviewsRule({ v1: 100 })])

  const workloads = workloadsAt(place)
  progress(`Starting ${workloads.length} Envoys …`)
  await Promise.all(
    workloads.map(async (workload) => {
      const envoy = await startSidecar(workload, parts, started.xds.port)
      will.add(envoy.pid)
      toStop.push(() => envoy.stop())
      envoy.exited.then((how) => broke(`the Envoy of ${workload.name} has ended: ${how}`))
      await live(workload, envoy, parts.signal)
    }),
  )
  return {
    url: started.http.url,
    hints: [],
    position: async () => started.controller.snapshot().position,
    apply: async (resource) => {
      const position = await apply([resource])
      const never = new AbortController().signal
      const waited = await started.controller.waitFor(position, startLimitMs, never)
      if (waited.pending + waited.rejected > 0) {
        throw new Error(`not every Envoy has taken position ${position}: ${JSON.stringify(waited)}`)
      }
      return position
    },
  }
}

const startSidecar = (
  workload: Workload,
  { envoy, place, directory }: DemoParts,
  xdsPort: number,
): Promise<EnvoyProcess> => {
  const adminSocket = join(directory, `${workload.name}.sock`)
  const made = bootstrap({
    node: nodeOf(workload),
    xds: { host: '127.0.0.1', port: xdsPort },
    admin: { path: adminSocket },
    metadata: { httpProxy: { address: workload.address, port: place.httpProxyPort } },
  })
  return startEnvoyProcess({
    envoy,
    bootstrap: JSON.stringify(made),
    adminSocket,
    directory: join(directory, workload.name),
  })
}

const live = async ({ name }: Workload, envoy: EnvoyProcess, signal: AbortSignal): Promise<void> => {
  let ended: string | undefined
  envoy.exited.then((how) => {
    ended = how
  })
  const deadlineMs = Date.now() + startLimitMs
  while ((await envoy.state()) !== 'LIVE') {
    signal.throwIfAborted()
    if (ended !== undefined) throw new Error(`the Envoy of ${name} has ended: ${ended}`)
    if (Date.now() > deadlineMs)
      throw new Error(`the Envoy of ${name} is not live after ${startLimitMs / 1000} s`)
    await after(50)
  }
}
