import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from '@nats-io/nats-core'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type NatsServers, startNats } from '../adapters/nats/natsHarness.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { type RutterProcess, runRutter, startRutter } from './rutterProcess.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]

const node = 'sidecar~127.0.0.1~web-1.default~default.svc.cluster.local'

describe.skipIf(envoy.skip || nats.skip)('rutter agent', { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-exits-'))
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path, { extra: 'authorization { user: u, password: p }' })
  }, 30_000)
  afterAll(async () => {
    await servers?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  let states = 0
  const newState = (): string => join(directory, `state-${++states}`)
  const argsOf = (more: readonly string[], state = newState(), who = node): readonly string[] => [
    ...['agent', '--node', who, '--state', state, '--envoy', envoy.path],
    ...more,
  ]
  const start = (...args: Parameters<typeof argsOf>): RutterProcess => {
    const rutter = startRutter(argsOf(...args))
    onTestFinished(async () => {
      rutter.child.kill('SIGTERM')
      await rutter.ended
    })
    return rutter
  }
  const nowhere = ['--nats', 'nats://127.0.0.1:1']

  test.each([
    ['a node id that is none', ['--node', 'sidecar~999~a~b'], 64, /^error: .*--node.*999/m],
    ['an Envoy that is not there', ['--envoy', '/nowhere/envoy'], 2, /^error: \/nowhere\/envoy .*--envoy/m],
    ['an Envoy that is a directory', ['--envoy', '/tmp'], 2, /^error: \/tmp .*--envoy/m],
    ['an address beyond this machine', ['--http', '0.0.0.0:1'], 64, /^error: 0\.0\.0\.0:1 .*--insecure/m],
  ])('K33: refuses %s at once, with its reason', async (_, more, code, says) => {
    const ran = await runRutter(argsOf([...nowhere, ...more]))
    expect(ran).toMatchObject({ code, err: expect.stringMatching(says) })
  })

  test('K33: refuses a state that another agent has, and an address that is taken', async () => {
    const state = newState()
    const port = await freePort()
    const first = start([...nowhere, '--http', `127.0.0.1:${port}`], state)
    await first.says(/health and figures|not ready/)
    await expect
      .poll(
        () =>
          fetch(`http://127.0.0.1:${port}/healthz`).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(200)
    expect(await runRutter(argsOf(nowhere, state))).toMatchObject({
      code: 2,
      err: expect.stringContaining(`is in use by process ${first.child.pid}`),
    })
    expect(await runRutter(argsOf([...nowhere, '--http', `127.0.0.1:${port}`]))).toMatchObject({
      code: 2,
      err: expect.stringContaining(`127.0.0.1:${port}`),
    })
  })

  test('K34: without NATS says so, waits, is alive but not ready, and ends on SIGTERM', async () => {
    const port = await freePort()
    const agent = start([...nowhere, '--http', `127.0.0.1:${port}`])
    await agent.says(/^not ready: .*waits for a controller/m)
    await agent.says(/^no NATS server answers at 127\.0\.0\.1:1 .*--nats/m)
    const answers = await Promise.all(
      ['healthz', 'readyz', 'metrics'].map((path) => fetch(`http://127.0.0.1:${port}/${path}`)),
    )
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 200])
    expect(await answers[1]?.text()).toMatch(/^not ready: .*waits for a controller/)
    expect(await answers[2]?.text()).toMatch(/^rutter_/m)
    agent.child.kill('SIGTERM')
    expect(await agent.ended).toBe(0)
  })

  test('K34: whose login cannot be read says so, and reads it again', async () => {
    const seed = join(directory, 'late.nk')
    const agent = start(['--nats', servers.urls.join(), '--nats-nkey', seed])
    await agent.says(/^cannot read a file for the login .*late\.nk/m)
    writeFileSync(seed, Buffer.from(nkeys.createUser().getSeed()))
    await agent.says(/^NATS at .* refuses the login/m)
  })

  test('K34: whose login is refused says so and what to check, once, and tries again', async () => {
    const agent = start(['--nats', servers.urls.join(), '--nats-user', 'u', '--nats-password', 'wrong'])
    await agent.says(/^NATS at .* refuses the login.*check the user and password/m)
    await expect
      .poll(() => (servers.servers[0]?.said().match(/authentication error/gi) ?? []).length, {
        timeout: 15_000,
      })
      .toBeGreaterThan(2)
    expect(agent.err().match(/refuses the login/g)).toHaveLength(1)
    expect(agent.err()).toMatch(/^warning: .*RUTTER_NATS_PASSWORD/m)
  })
})
