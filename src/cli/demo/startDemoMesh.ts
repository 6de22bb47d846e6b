import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appOf, workloadsAt } from './bookinfo.ts'
import { clusteredMesh } from './clusteredMesh.ts'
import type { DemoMesh, DemoMeshOptions } from './demoMesh.ts'
import { embeddedMesh } from './embeddedMesh.ts'
import { lastWill } from './lastWill.ts'
import { startApp } from './startApp.ts'

/** A mesh that was started, and the way to end it. */
export type StartedMesh = DemoMesh & {
  /** Resolves with the reason when the demo cannot go on. */
  readonly broken: Promise<string>
  /** Ends and removes everything that was started. */
  stop(): Promise<void>
}

/** The demo's mesh, up and serving: applications, one Envoy for each, and what controls them. Rejects when any of it
 *  does not come up in time; then nothing is left behind. */
export const startDemoMesh = async (options: DemoMeshOptions): Promise<StartedMesh> => {
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
    const workloads = workloadsAt(place)
    progress(`Starting ${workloads.length} applications …`)
    for (const workload of workloads) {
      const app = await startApp(appOf(workload, place))
      toStop.push(app.close)
    }
    const shape = options.nats === undefined ? embeddedMesh : clusteredMesh
    const mesh = await shape({ ...options, directory, will, toStop, broke })
    return { ...mesh, broken, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
