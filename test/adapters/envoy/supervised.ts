import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { findKeptEnvoys } from '../../../src/adapters/envoy/keptEnvoy.ts'
import { cleanSharedMemory } from '../../../src/adapters/envoy/sharedMemory.ts'
import {
  type SupervisedEnvoy,
  type SuperviseEnvoyOptions,
  superviseEnvoy,
} from '../../../src/adapters/envoy/superviseEnvoy.ts'
import type { SupervisionLimits } from '../../../src/agent/supervision/limits.ts'
import { freePort } from '../../freePort.ts'

/** Where an Envoy is supervised in a test; whatever runs there is ended and removed after it. */
export type Berth = {
  readonly directory: string
  readonly adminPath: string
  readonly port: number
  baseId(): number
  /** Process ids of the Envoys that run, by epoch. */
  pids(): ReadonlyMap<number, number>
}

/** Short enough for tests; a parent has 2 s to finish what takes 0.7 s. */
export const shortLimits: Partial<SupervisionLimits> = {
  parentShutdownMs: 2_000,
  drainAtLeastMs: 500,
  drainAtMostMs: 5_000,
}

export const berth = async (): Promise<Berth> => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-state-'))
  const baseId = () => Number(readFileSync(join(directory, 'base-id'), 'utf8'))
  const pids = () =>
    new Map(
      findKeptEnvoys(directory).map((envoy) => {
        envoy.release()
        const [pid] = readFileSync(join(directory, `epoch-${envoy.epoch}`), 'utf8').split('\n')
        return [envoy.epoch, Number(pid)] as const
      }),
    )
  onTestFinished(async () => {
    const left = findKeptEnvoys(directory)
    for (const envoy of left) envoy.signal('SIGKILL')
    await Promise.all(left.map(({ exited }) => exited))
    try {
      await cleanSharedMemory(baseId())
    } catch {
      // No Envoy was ever started here.
    }
    rmSync(directory, { recursive: true, force: true })
  })
  return { directory, adminPath: join(directory, 'admin.sock'), port: await freePort(), baseId, pids }
}

/** Supervision in this process; released after the test unless it has ended. */
export const supervised = async (options: SuperviseEnvoyOptions): Promise<SupervisedEnvoy> => {
  const one = await superviseEnvoy({ ...options, limits: { ...shortLimits, ...options.limits } })
  onTestFinished(() => one.release())
  return one
}
