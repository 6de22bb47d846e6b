import { jetstreamManager } from '@nats-io/jetstream'
import { isLeft } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { natsAgentBus } from '../../src/adapters/nats/agentBus.ts'
import { eventStreamName } from '../../src/adapters/nats/meshStream.ts'
import type { KnownGood } from '../../src/agent/knownGood.ts'
import { startController } from '../../src/cli/startController.ts'
import { parseNodeId } from '../../src/codecs/nodeId.ts'
import { runAgent } from '../../src/streams/agent.ts'
import { type NatsServers, startNats } from '../adapters/nats/natsHarness.ts'
import { linked } from '../adapters/nats/openedLog.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { service } from '../reducers/given.ts'

const nats = await natsServerOrSkip()
const node = 'sidecar~10.1.0.7~web-1.default~default.svc.cluster.local'

describe.skipIf(nats.skip)('an agent and the log that its positions are of', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path)
  })
  afterAll(() => servers?.stop())

  const controller = async (mesh: string) => {
    const started = await startController({
      log: { profile: { urls: servers.urls, clientName: 'rutter-controller test' }, mesh },
      http: { host: '127.0.0.1', port: 0 },
      xds: { host: '127.0.0.1', port: 0 },
      version: 'test',
      notice: () => {},
      lost: () => {},
    })
    const write = async (name: string) => {
      const change = { type: 'apply' as const, resource: service(name) }
      const written = await started.controller.write({
        changes: [change],
        actor: 'anonymous',
        source: 'http',
      })
      if (isLeft(written)) throw new Error(written.left._tag)
      return written.right.position
    }
    return { ...started, write }
  }

  const agent = async (mesh: string, knownGood?: KnownGood) => {
    const identity = parseNodeId(node)
    if (isLeft(identity)) throw new Error(identity.left)
    const running = runAgent({
      mesh,
      identity: identity.right,
      metadata: {},
      clock: { monotonicMs: () => performance.now() },
      random: Math.random,
      ...(knownGood && { knownGood }),
    })
    const bus = natsAgentBus(await linked(servers.urls), mesh, node)
    running.attach(bus)
    onTestFinished(() => {
      running.stop()
      bus.close()
    })
    return running
  }

  test('B14: a log that was begun anew is followed, though it has not come as far', async () => {
    const before = await controller('anew')
    for (const name of ['a', 'b', 'c', 'd']) await before.write(name)
    const running = await agent('anew')
    await expect.poll(() => running.counters().position, { timeout: 15_000 }).toBe(4)
    await before.close()
    const jsm = await jetstreamManager((await linked(servers.urls)).connection)
    await jsm.streams.delete(eventStreamName('anew'))
    const after = await controller('anew')
    onTestFinished(() => after.close())
    expect(await after.write('e')).toBe(1)
    await expect.poll(() => running.counters().position, { timeout: 25_000 }).toBe(1)
    expect(await after.write('f')).toBe(2)
    await expect.poll(() => running.counters().position, { timeout: 25_000 }).toBe(2)
  }, 60_000)

  test('B14: a controller that is behind what the Envoy acknowledged is not followed', async () => {
    const behind = await controller('behind')
    onTestFinished(() => behind.close())
    const position = await behind.write('a')
    const jsm = await jetstreamManager((await linked(servers.urls)).connection)
    const { created: log } = await jsm.streams.info(eventStreamName('behind'))
    const running = await agent('behind', {
      mesh: 'behind',
      node,
      log,
      position: position + 2,
      resources: [],
    })
    await expect.poll(() => running.counters().behind, { timeout: 15_000 }).toBeGreaterThan(0)
    expect(running.origin()).toBe('knownGood')
    await behind.write('b')
    await behind.write('c')
    await expect.poll(() => running.origin(), { timeout: 15_000 }).toBe('controller')
  }, 60_000)
})
