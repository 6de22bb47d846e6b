import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { envoyState } from '../../../src/adapters/envoy/envoyState.ts'
import { startLoad } from '../../e2e/load.ts'
import { envoyOrSkip } from '../../envoyOrSkip.ts'
import { agentProcess } from './agentProcess.ts'
import { answering, sendersTo } from './served.ts'
import { type Berth, berth, shortLimits, supervised } from './supervised.ts'
import { until } from './until.ts'

const envoy = await envoyOrSkip()

const launch = (body: string, { port, adminPath }: Berth) => ({
  envoy: envoy.path,
  bootstrap: answering(body, port, adminPath),
})

/** An agent in another process whose Envoy serves `v0`, under load. */
const served = async () => {
  const at = await berth()
  const modules = mkdtempSync(join(tmpdir(), 'rutter-agent-'))
  onTestFinished(() => rmSync(modules, { recursive: true, force: true }))
  const start = (body: string) =>
    agentProcess(modules, { directory: at.directory, launch: launch(body, at), limits: shortLimits })
  const agent = await start('v0')
  const senders = sendersTo(at.port)
  await until(async () => (await senders.body()) === 'v0' && agent.status()?.state === 'running')
  return { at, agent, start, senders }
}

describe.skipIf(envoy.skip)('an Envoy whose agent is killed', () => {
  test('G10: it serves on, and the next agent adopts it without a failed request', async () => {
    const { at, agent, senders } = await served()
    const before = at.pids()
    const load = startLoad(senders.mixed, 200)
    await agent.kill()
    expect(await senders.body()).toBe('v0')
    const next = await supervised({ directory: at.directory, launch: launch('v0', at) })
    await until(() => next.status().state === 'running')
    expect(at.pids()).toEqual(before)
    expect(next.status()).toMatchObject({ epoch: 0, stale: false, counters: { starts: 0 } })

    await next.want(launch('v1', at))
    await until(async () => (await senders.body()) === 'v1')
    await until(() => at.pids().size === 1)
    const { failures } = await load.stop()
    senders.close()
    expect(failures).toEqual([])
  })

  test('G10: its end is noticed by the agent that adopted it', async () => {
    const { at, agent, senders } = await served()
    await agent.kill()
    const next = await supervised({ directory: at.directory, launch: launch('v0', at) })
    await until(() => next.status().state === 'running')
    process.kill(at.pids().get(0) ?? 0, 'SIGKILL')
    await until(() => next.status().counters.starts === 1)
    expect(next.status().lastFailure).toBe('epoch 0 ended: signal SIGKILL')
    await until(async () => (await senders.body()) === 'v0')
  })

  test('G10: a hand-over goes on where it stands, without a failed request', async () => {
    const { at, agent, senders, start } = await served()
    const load = startLoad(senders.mixed, 200)
    await agent.kill()
    const second = await start('v1')
    await until(() => at.pids().size === 2 && second.status()?.counters.handOvers === 1)
    await second.kill()
    const third = await supervised({ directory: at.directory, launch: launch('v1', at) })
    await until(async () => (await senders.body()) === 'v1')
    await until(() => at.pids().size === 1 && third.status().state === 'running')
    expect(third.status()).toMatchObject({ epoch: 1, stale: false, counters: { starts: 0 } })
    const { failures } = await load.stop()
    senders.close()
    expect(failures).toEqual([])
  })

  test('G10: let go in the moment of its start, it is adopted', async () => {
    const at = await berth()
    const first = await supervised({ directory: at.directory, launch: launch('v0', at) })
    await until(() => existsSync(join(at.directory, 'epoch-0')))
    await first.release()
    const next = await supervised({ directory: at.directory, launch: launch('v0', at) })
    await until(() => next.status().state === 'running')
    expect(next.status().counters).toEqual({ starts: 0, handOvers: 0, failures: 0 })
  })

  test('G10: one that was being drained is relieved by a new epoch', async () => {
    const at = await berth()
    const first = await supervised({ directory: at.directory, launch: launch('v0', at) })
    await until(() => first.status().state === 'running')
    first.drain()
    await until(() => first.status().state === 'drained')
    await first.release()
    const next = await supervised({ directory: at.directory, launch: launch('v0', at) })
    await until(() => next.status().state === 'running' && next.status().epoch === 1)
    expect(await envoyState({ path: at.adminPath })).toEqual({ epoch: 1, state: 'LIVE' })
  })

  test('G15: of two agents with one state, the second is refused, naming the first', async () => {
    const at = await berth()
    await supervised({ directory: at.directory, launch: launch('v0', at) })
    await expect(supervised({ directory: at.directory, launch: launch('v0', at) })).rejects.toMatchObject({
      _tag: 'StateInUse',
      pid: process.pid,
    })
  })
})
