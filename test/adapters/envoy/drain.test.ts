import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startEnvoy } from '../../e2e/envoyHarness.ts'
import { startLoad } from '../../e2e/load.ts'
import { envoyOrSkip } from '../../envoyOrSkip.ts'
import { freePort } from '../../freePort.ts'
import { answering, balancing, endpointsAt, sendersTo } from './served.ts'
import { berth, supervised } from './supervised.ts'
import { until } from './until.ts'

const envoy = await envoyOrSkip()

/** A supervised Envoy that answers `body`. */
const backend = async (body: string) => {
  const at = await berth()
  const bootstrap = answering(body, at.port, at.adminPath)
  const agent = await supervised({ directory: at.directory, launch: { envoy: envoy.path, bootstrap } })
  await until(() => agent.status().state === 'running')
  return { at, agent }
}

describe.skipIf(envoy.skip)('stopping', () => {
  test('G11: it fails no request of callers that learn of it while it drains', async () => {
    const [stays, leaves] = [await backend('stays'), await backend('leaves')]
    const file = join(stays.at.directory, 'eds.json')
    const spread = (ports: readonly number[]): void => {
      writeFileSync(`${file}.tmp`, JSON.stringify(endpointsAt(ports)))
      renameSync(`${file}.tmp`, file)
    }
    spread([stays.at.port, leaves.at.port])
    const port = await freePort()
    const front = await startEnvoy({ envoy: envoy.path, bootstrap: balancing(port, file) })
    onTestFinished(() => front.stop())
    const senders = sendersTo(port)
    await until(async () => (await senders.body()) === 'leaves')

    const load = startLoad(senders.mixed, 200)
    await until(async () => (await senders.body()) === 'leaves')
    const stopped = leaves.agent.stop()
    expect(leaves.agent.status().state).toBe('draining')
    spread([stays.at.port])
    await stopped
    expect(leaves.at.pids().size).toBe(0)
    expect(await senders.body()).toBe('stays')
    const { failures, requests } = await load.stop()
    senders.close()
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(50)
  })

  test('G11: what does not end is cut when the time is over', async () => {
    const at = await berth()
    const bootstrap = answering('v0', at.port, at.adminPath)
    const limits = { drainAtMostMs: 1_000 }
    const agent = await supervised({
      directory: at.directory,
      launch: { envoy: envoy.path, bootstrap },
      limits,
    })
    await until(() => agent.status().state === 'running')
    const senders = sendersTo(at.port)
    const late = senders.late('60000').catch((error: Error) => error.message)
    await until(async () => (await senders.body()) === 'v0')
    await agent.stop()
    expect(await late).toMatch(/socket hang up|ECONNRESET/)
  })

  test('G12: drained, it refuses nothing, says that it leaves, and stays', async () => {
    const { at, agent } = await backend('v0')
    agent.drain()
    await until(() => agent.status().state === 'drained')
    const senders = sendersTo(at.port)
    expect(await senders.body()).toBe('v0')
    await agent.stop()
    expect(await senders.body()).toBe('')
  })
})
