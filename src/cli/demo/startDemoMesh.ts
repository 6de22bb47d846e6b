import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { isLeft } from 'fp-ts/lib/Either.js'
import { type EnvoyProcess, startEnvoyProcess } from '../../adapters/envoy/envoyProcess.ts'
import { bootstrap, type HostPort } from '../../agent/bootstrap.ts'
import type { Resource } from '../../model/resource.ts'
import { startController } from '../startController.ts'
import { buildFacts } from '../version.ts'
import { appOf, nodeOf, type Place, registryAt, reviewsRule, type Workload, workloadsAt } from './bookinfo.ts'
import { lastWill } from './lastWill.ts'
import { startApp } from './startApp.ts'

export type DemoMesh = {
  /** URL of the controller's HTTP API. */
  readonly url: string
  /** Position of the log now. */
  position(): number
  /** Applies `resource` and waits until every Envoy has acknowledged it; its position. Rejects otherwise. */
  apply(resource: Resource): Promise<number>
  /** Resolves with the reason when the demo cannot go on: an Envoy or the controller has ended. */
  readonly broken: Promise<string>
  /** Ends and removes everything that was started. */
  stop(): Promise<void>
}

export type DemoMeshOptions = {
  readonly envoy: string
  readonly place: Place
  readonly http: HostPort
  readonly progress: (line: string) => void
  /** Gives up starting. */
  readonly signal: AbortSignal
}

const startLimitMs = 30_000

/** The demo's mesh, up and serving: controller, applications, one Envoy for each. Rejects when any of it does not come
 *  up within 30 s; then nothing is left behind. */
export const startDemoMesh = async (options: DemoMeshOptions): Promise<DemoMesh> => {
  const { place, progress } = options
  const toStop: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const one of toStop.splice(0).reverse()) await one()
  }
  let broke: (reason: string) => void = () => {}
  const broken = new Promise<string>((resolve) => {
    broke = resolve
  })
  try {
    const directory = await mkdtemp(join(tmpdir(), 'rutter-demo-'))
    const will = lastWill(directory)
    toStop.push(async () => {
      await rm(directory, { recursive: true, force: true })
      will.revoke()
    })
    progress('Starting the controller …')
    const started = await startController({
      log: join(directory, 'log'),
      http: options.http,
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
    progress(`Starting ${workloads.length} applications and ${workloads.length} Envoys …`)
    for (const workload of workloads) {
      const app = await startApp(appOf(workload, place))
      toStop.push(app.close)
    }
    await Promise.all(
      workloads.map(async (workload) => {
        const envoy = await startSidecar(workload, options, directory, started.xds.port)
        will.add(envoy.pid)
        toStop.push(() => envoy.stop())
        envoy.exited.then((how) => broke(`the Envoy of ${workload.name} has ended: ${how}`))
        await live(workload, envoy, options.signal)
      }),
    )
    return {
      url: started.http.url,
      position: () => started.controller.snapshot().position,
      broken,
      stop,
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
  } catch (error) {
    await stop()
    throw error
  }
}

const startSidecar = (
  workload: Workload,
  { envoy, place }: DemoMeshOptions,
  directory: string,
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
