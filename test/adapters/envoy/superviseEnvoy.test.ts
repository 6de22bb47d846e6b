import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { freeBaseId } from '../../../src/adapters/envoy/baseId.ts'
import { envoyState } from '../../../src/adapters/envoy/envoyState.ts'
import { startLoad } from '../../e2e/load.ts'
import { envoyOrSkip } from '../../envoyOrSkip.ts'
import { freePort } from '../../freePort.ts'
import { answering, sendersTo, waitingForXds } from './served.ts'
import { type Berth, berth, supervised } from './supervised.ts'
import { until } from './until.ts'

const envoy = await envoyOrSkip()

const launch = (body: string, { port, adminPath }: Berth) => ({
  envoy: envoy.path,
  bootstrap: answering(body, port, adminPath),
})

/** An Envoy that serves `v0`. */
const serving = async () => {
  const at = await berth()
  const agent = await supervised({ directory: at.directory, launch: launch('v0', at) })
  const senders = sendersTo(at.port)
  const serves = (body: string) =>
    until(
      async () => (await senders.body()) === body,
      () => JSON.stringify(agent.status()),
    )
  await serves('v0')
  await until(() => agent.status().state === 'running')
  return { at, agent, senders, serves }
}

/** Ends the Envoy of an epoch. False: it cannot be seen, as in the moment in which its keeper becomes it. */
const kill = (at: Berth, epoch: number, signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): boolean => {
  const pid = at.pids().get(epoch)
  return pid !== undefined && process.kill(pid, signal)
}

describe.skipIf(envoy.skip)('a supervised Envoy', () => {
  test('G1, G11: it starts and stops, and leaves neither process nor shared memory', async () => {
    const { at, agent } = await serving()
    const shared = `/dev/shm/envoy_shared_memory_${at.baseId() * 10}`
    expect(existsSync(shared)).toBe(true)
    const [pid = 0] = at.pids().values()
    await agent.stop()
    expect(agent.status().state).toBe('stopped')
    expect(existsSync(`/proc/${pid}`)).toBe(false)
    expect(existsSync(shared)).toBe(false)
    expect(readdirSync(at.directory).filter((name) => /^(epoch|lock)-/.test(name))).toEqual([])
  })

  test.each(['SIGKILL', 'SIGTERM'] as const)('G3: ended by %s it is back', async (signal) => {
    const { at, agent, serves } = await serving()
    const before = at.pids().get(0)
    await until(() => kill(at, 0, signal))
    await until(() => agent.status().counters.starts === 2)
    await serves('v0')
    expect(at.pids().get(0)).not.toBe(before)
    expect(agent.status().lastFailure).toMatch(signal === 'SIGKILL' ? /signal SIGKILL/ : /exit code 0/)
  })

  test('G6: ten hot restarts under load fail no request', { timeout: 90_000 }, async () => {
    const { at, agent, senders, serves } = await serving()
    const load = startLoad(senders.mixed, 300)
    for (let i = 1; i <= 10; i += 1) {
      if (i % 2 === 0) await agent.want(launch(`v${i}`, at))
      else agent.restart()
      await serves(i % 2 === 0 ? `v${i}` : `v${i - 1}`)
      await until(() => agent.status().epoch === i && at.pids().size === 1)
    }
    const { requests, failures } = await load.stop()
    senders.close()
    expect(failures).toEqual([])
    expect(requests).toBeGreaterThan(3_000)
    expect(agent.status()).toMatchObject({ state: 'running', epoch: 10, failures: 0 })
  })

  test('G7: a child with a broken bootstrap harms nobody', async () => {
    const { at, agent, senders, serves } = await serving()
    const load = startLoad(senders.mixed, 200)
    await agent.want({
      envoy: envoy.path,
      bootstrap: { ...answering('v1', at.port, at.adminPath), nonsense: 1 },
    })
    await until(() => agent.status().counters.failures >= 2)
    expect(agent.status()).toMatchObject({ epoch: 0, stale: true })
    expect(agent.status().lastFailure).toMatch(/epoch 1 ended before it was live: exit code 1/)
    await agent.want(launch('v2', at))
    await serves('v2')
    const { failures } = await load.stop()
    senders.close()
    expect(failures).toEqual([])
  })

  test.each([
    ['at once', 'v1', async (at: Berth) => at.pids().has(1)],
    ['while it waits for clusters', 'xds', async (at: Berth) => (await epochOfAdmin(at)) === 1],
  ] as const)('G7: killed %s, a child harms nobody, again and again', async (_, to, reached) => {
    const { at, agent, senders, serves } = await serving()
    const load = startLoad(senders.mixed, 200)
    if (to === 'v1') await agent.want(launch('v1', at))
    else await agent.want({ envoy: envoy.path, bootstrap: waitingForXds(at.port, at.adminPath) })
    for (let failures = 1; failures <= 4; failures += 1) {
      await until(() => reached(at))
      await until(() => kill(at, 1))
      await until(() => agent.status().counters.failures === failures)
    }
    await agent.want(launch('v2', at))
    await serves('v2')
    const { failures } = await load.stop()
    senders.close()
    expect(failures).toEqual([])
  })

  test('G6: another binary is a reason, the same bootstrap or not', async () => {
    const { at, agent } = await serving()
    const other = join(at.directory, 'other-envoy')
    symlinkSync(envoy.path, other)
    await agent.want(launch('v0', at))
    expect(agent.status()).toMatchObject({ state: 'running', stale: false })
    await agent.want({ ...launch('v0', at), envoy: other })
    await until(() => agent.status().epoch === 1 && at.pids().size === 1)
    expect(agent.status().counters).toEqual({ starts: 2, handOvers: 1, failures: 0 })
  })

  test('G3: it ends with the shell that keeps it, and is back', async () => {
    const { at, agent, serves } = await serving()
    const stat = readFileSync(`/proc/${at.pids().get(0)}/stat`, 'utf8')
    const shell = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
    process.kill(shell, 'SIGKILL')
    await until(() => agent.status().counters.starts === 2)
    await serves('v0')
    expect(agent.status().lastFailure).toBe('epoch 0 ended: unknown')
    expect(at.pids().size).toBe(1)
  })

  test('G2: one that falls silent is replaced', async () => {
    const at = await berth()
    const limits = { silenceMs: 500, askMs: 100 }
    const agent = await supervised({ directory: at.directory, launch: launch('v0', at), limits })
    await until(() => agent.status().state === 'running')
    const frozen = at.pids().get(0) ?? 0
    process.kill(frozen, 'SIGSTOP')
    await until(() => agent.status().counters.starts === 2 && agent.status().state === 'running')
    expect(agent.status().lastFailure).toBe('the admin of epoch 0 is silent')
    expect(existsSync(`/proc/${frozen}`)).toBe(false)
  })

  test('G6: an admin on a port goes from epoch to epoch, too', async () => {
    const at = await berth()
    const address = { socket_address: { address: '127.0.0.1', port_value: await freePort() } }
    const bootstrap = { ...answering('v0', at.port, at.adminPath), admin: { address } }
    const agent = await supervised({ directory: at.directory, launch: { envoy: envoy.path, bootstrap } })
    await until(() => agent.status().state === 'running')
    for (const epoch of [1, 2]) {
      agent.restart()
      await until(() => agent.status().epoch === epoch && at.pids().size === 1)
    }
    await agent.stop()
    expect(agent.status().counters).toEqual({ starts: 3, handOvers: 2, failures: 0 })
  })

  test('G3: a binary that cannot be run is told, and tried again', async () => {
    const at = await berth()
    const agent = await supervised({
      directory: at.directory,
      launch: { ...launch('v0', at), envoy: import.meta.filename },
    })
    await until(() => agent.status().counters.failures === 2)
    expect(agent.status().lastFailure).toBe('epoch 0 ended: exit code 126')
    await agent.stop()
  })

  test('G7: a child that is not live in time is killed, and nobody notices', async () => {
    const at = await berth()
    const limits = { handOverMs: 1_000 }
    const agent = await supervised({ directory: at.directory, launch: launch('v0', at), limits })
    const senders = sendersTo(at.port)
    await until(async () => (await senders.body()) === 'v0' && agent.status().state === 'running')
    const load = startLoad(senders.mixed, 200)
    await agent.want({ envoy: envoy.path, bootstrap: waitingForXds(at.port, at.adminPath) })
    await until(() => agent.status().counters.failures === 1)
    expect(agent.status()).toMatchObject({ epoch: 0, stale: true })
    const { failures } = await load.stop()
    senders.close()
    expect(failures).toEqual([])
  })

  test('G8: a child killed after it was live is followed by the same epoch', async () => {
    const { at, agent, serves } = await serving()
    await agent.want(launch('v1', at))
    await serves('v1')
    await until(() => agent.status().epoch === 1)
    await until(() => kill(at, 1))
    await until(() => agent.status().counters.starts === 3)
    await serves('v1')
    await until(() => agent.status().state === 'running' && at.pids().size === 1)
    expect([...at.pids().keys()]).toEqual([1])
  })

  test('G9: a parent killed while its child initializes takes the child with it', async () => {
    const { at, agent, serves } = await serving()
    await agent.want({ envoy: envoy.path, bootstrap: waitingForXds(at.port, at.adminPath) })
    await until(async () => at.pids().has(1) && (await epochOfAdmin(at)) === 1)
    const orphan = at.pids().get(1)
    await until(() => kill(at, 0))
    await until(() => agent.status().counters.starts === 3)
    expect(existsSync(`/proc/${orphan}`)).toBe(false)
    await until(async () => agent.status().state === 'starting' && (await epochOfAdmin(at)) === 0)
    await agent.want(launch('v1', at))
    await serves('v1')
    await until(() => agent.status().state === 'running' && at.pids().size === 1)
  })

  test('G14: a child whose parent is killed before its time is replaced in good order', async () => {
    const { at, agent, serves } = await serving()
    await agent.want(launch('v1', at))
    await until(() => agent.status().epoch === 1)
    await until(() => kill(at, 0))
    await until(() => agent.status().state === 'draining')
    await serves('v1')
    await until(() => agent.status().state === 'running' && agent.status().epoch === 0)
    expect(agent.status()).toMatchObject({ stale: false, failures: 1 })
    expect([...at.pids().keys()]).toEqual([0])
    agent.restart()
    await until(() => agent.status().epoch === 1)
    await serves('v1')
  })

  test('G16: what Envoy writes is passed on, line by line', async () => {
    const at = await berth()
    const lines: string[] = []
    const bootstrap = { ...answering('v0', at.port, at.adminPath), nonsense: 1 }
    await supervised({
      directory: at.directory,
      launch: { envoy: envoy.path, bootstrap },
      onLine: (line) => lines.push(line),
    })
    await until(() => lines.some((line) => /nonsense/.test(line)))
  })

  test('G17: a base id that another Envoy has is passed over', async () => {
    const { at } = await serving()
    expect(await freeBaseId(at.directory, at.baseId())).not.toBe(at.baseId())
    expect(await freeBaseId(at.directory, undefined)).not.toBe(at.baseId())
  })

  test('G9: SIGTERM to the child while the parent drains ends both; epoch 0 begins anew', async () => {
    const { at, agent, serves } = await serving()
    await agent.want(launch('v1', at))
    await until(() => agent.status().epoch === 1)
    await until(() => kill(at, 1, 'SIGTERM'))
    await until(() => agent.status().counters.starts >= 3)
    await serves('v1')
    await until(() => agent.status().state === 'running' && at.pids().size === 1)
  })
})

const epochOfAdmin = async ({ adminPath }: Berth): Promise<number | undefined> => {
  return envoyState({ path: adminPath }).then(
    ({ epoch }) => epoch,
    () => undefined,
  )
}
