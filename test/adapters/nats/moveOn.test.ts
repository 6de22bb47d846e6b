import { isRight } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { natsAgentBus } from '../../../src/adapters/nats/agentBus.ts'
import { registered } from '../../contract/registered.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { type IsolatedPlaces, isolatedPlaces } from './isolatedPlaces.ts'
import { isolationOrSkip } from './isolationOrSkip.ts'
import { type NatsServers, startNats } from './natsHarness.ts'
import { linked, openedLog } from './openedLog.ts'

const [nats, isolation] = [await natsServerOrSkip(), await isolationOrSkip()]

describe.skipIf(nats.skip || isolation.skip)('a server of NATS that is parted from its peers', () => {
  let network: IsolatedPlaces
  let servers: NatsServers
  beforeAll(async () => {
    network = await isolatedPlaces(3)
    servers = await startNats(nats.path, { nodes: 3, places: network.places })
  })
  afterAll(async () => {
    await servers?.stop()
    await network?.remove()
  })

  test('N16: it is left for one that reaches the log, and what is told there goes on', async () => {
    const log = await openedLog(servers.urls.slice(0, 1))
    const { position } = await log.end()
    expect(isRight(await log.append([registered('before')], position))).toBe(true)
    await network.part(0)
    await expect.poll(() => log.link.counters().movedOn, { timeout: 60_000 }).toBeGreaterThan(0)
    await log.link.untilConnected(10_000)
    expect(isRight(await log.append([registered('meanwhile')], position + 1))).toBe(true)
  }, 120_000)

  test('N16: so is one at which no controller answers an agent', async () => {
    const link = await linked(servers.urls)
    const node = 'sidecar~127.0.0.9~web.default~default.svc.cluster.local'
    const bus = natsAgentBus(link, 'nobody', node)
    const mark = { digest: '', position: -1 }
    const standing = { own: mark, view: { ...mark, topic: '' }, endpoints: mark }
    await expect
      .poll(
        async () => {
          await bus.sync({ node, metadata: {}, standing }).catch(() => undefined)
          return link.counters().movedOn
        },
        { timeout: 30_000 },
      )
      .toBeGreaterThan(0)
    bus.close()
  }, 60_000)
})
