import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { expectShiftTold } from './expectShiftTold.ts'
import { processesOf } from './processesOf.ts'
import { type RutterProcess, startRutter } from './rutterProcess.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]

describe.skipIf(envoy.skip || nats.skip || process.platform !== 'linux')('rutter demo --nats', () => {
  let temporary = ''
  beforeEach(async () => {
    temporary = await mkdtemp(join(tmpdir(), 'rdt-'))
  })
  afterEach(() => rm(temporary, { recursive: true, force: true }))

  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): RutterProcess =>
    startRutter(['demo', '--nats', '--http', '127.0.0.1:0', ...args], {
      // What is set for the rutter of a terminal does not disturb the demo.
      env: {
        RUTTER_ENVOY: envoy.path,
        TMPDIR: temporary,
        RUTTER_MESH: 'other',
        RUTTER_LOG: 'memory',
        ...env,
      },
    })
  const nothingLeft = () =>
    expect
      .poll(async () => [await processesOf(temporary), await readdir(temporary)], { timeout: 30_000 })
      .toEqual([[], []])

  test('K30: traffic goes where the rules say, told as the embedded demo tells it', async () => {
    const demo = start(['--once', '-o', 'json'])
    expect([await demo.ended, demo.err()]).toEqual([0, expect.stringContaining('Starting 2 controllers')])
    expectShiftTold(demo.out())
    await nothingLeft()
  }, 120_000)

  test('K31: a controller and a server that are killed are started again, and no request fails', async () => {
    const demo = start([])
    await demo.says(/reviews {2}v1 100\.0%/)
    expect((await processesOf(join(temporary, 'rutter-demo-'))).length).toBeGreaterThan(20)
    const pids = [...demo.err().matchAll(/kill -9 (\d+)/g)].map(([, pid]) => Number(pid))
    expect(pids).toHaveLength(2)
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    await demo.says(/controller-1 has ended \(SIGKILL\) and is started again/)
    await demo.says(/nats-1 has ended \(SIGKILL\) and is started again/)
    const lines = (): number => demo.out().split('\n').length
    const before = lines()
    await expect.poll(lines, { timeout: 20_000 }).toBeGreaterThan(before + 5)
    expect(demo.out()).not.toMatch(/failed [^0]|failed 0\.[1-9]/)
    demo.child.kill('SIGTERM')
    expect(await demo.ended).toBe(0)
    await nothingLeft()
  }, 120_000)

  test('K32: SIGKILL leaves nothing behind, an Envoy whose agent is dead included', async () => {
    const demo = start([])
    await demo.says(/reviews {2}v1 100\.0%/)
    const [agent = ''] = (await processesOf(join(temporary, 'rutter-demo-'))).filter((line) =>
      line.includes(' agent --node=sidecar~'),
    )
    process.kill(Number.parseInt(agent, 10), 'SIGKILL')
    demo.child.kill('SIGKILL')
    expect(await demo.ended).toBe('SIGKILL')
    await nothingLeft()
  }, 120_000)

  test('K32: nor does Ctrl-C halfway', async () => {
    const demo = start([])
    await demo.says(/Starting 2 controllers/)
    demo.child.kill('SIGINT')
    expect(await demo.ended).toBe(130)
    await nothingLeft()
  }, 120_000)

  test('K32: nor does a part that does not come up, whose last words are told', async () => {
    const broken = join(temporary, 'nats-server')
    await writeFile(
      broken,
      '#!/bin/sh\n[ "$1" = --version ] && exec echo "nats-server: v2.14.9"\necho no disk\nexit 7\n',
    )
    await chmod(broken, 0o755)
    const demo = start([], { RUTTER_NATS_SERVER: broken })
    expect(await demo.ended).toBe(2)
    expect(demo.err()).toMatch(/^error: nats-\d has ended \(exit code 7\): no disk$/m)
    await rm(broken)
    await nothingLeft()
  }, 120_000)
})
