import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { endpointsTopic, proxyTopic } from '../../../src/model/topic.ts'
import { envoyOrSkip } from '../../envoyOrSkip.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { instance, routeRule, service } from '../../reducers/given.ts'
import { figure, startFleet, type TestFleet } from '../fleet.ts'
import type { Workload } from '../mesh.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]

describe.skipIf(envoy.skip || nats.skip)('what a foreign listener hears of several controllers', () => {
  let fleet: TestFleet
  let client: Workload

  beforeAll(async () => {
    fleet = await startFleet({ envoy: envoy.path, nats: nats.path, controllers: 3 })
    const { mesh } = fleet
    for (const name of ['client', 'other', 'reviews']) await mesh.put(service(name))
    client = await mesh.workload('client-1', { service: 'client' })
    await mesh.workload('other-1', { service: 'other' })
    await mesh.workload('reviews-1', { service: 'reviews' })
    await mesh.settled()
  }, 90_000)
  afterAll(() => fleet?.stop(), 60_000)

  /** Resolves once these controllers share the work, and no others. */
  const sharing = async (controllers: TestFleet['controllers']): Promise<void> => {
    for (const controller of controllers)
      await expect
        .poll(() => figure(controller, 'rutter_bus_controllers_sharing'), { timeout: 20_000 })
        .toBe(controllers.length)
  }

  /** What a foreign listener hears of an endpoint that comes and goes, of one that nobody reads, and of a rule for
   *  one caller; sorted, as topics have different owners, of whom each tells in its own time. */
  const heardOfChanges = async (): Promise<readonly string[]> => {
    const { mesh } = fleet
    const connection = await connect({ servers: [...fleet.servers.urls] })
    const heard: string[] = []
    try {
      // What controllers said before has come to the server once they have answered each other.
      await mesh.json('/api/v1/proxies')
      for (const topic of ['fragment.>', 'proxy.>'])
        connection.subscribe(`rutter.default.${topic}`, {
          callback: (_, { subject }) => void heard.push(subject.replace('rutter.default.', '')),
        })
      await connection.flush()
      await mesh.put(instance('reviews-9', 'reviews', '127.0.0.9'))
      await mesh.put(instance('nobody', 'nowhere', '127.0.0.10'))
      await mesh.put(
        routeRule('mine', {
          destination: { name: 'reviews' },
          match: { source: { name: 'client' } },
          httpReqTimeout: { simpleTimeout: { timeout: '7s' } },
        }),
      )
      await mesh.remove('Instance', 'nobody')
      await mesh.remove('Instance', 'reviews-9')
      await mesh.settled()
      // What was told before has come once the server answers on this connection.
      await connection.flush()
      return heard.filter((topic) => topic !== 'fragment.shared.roll').sort()
    } finally {
      await connection.close()
      await mesh.remove('RouteRule', 'mine')
      await mesh.settled()
    }
  }

  /** Whoever takes a topic over tells again what changed a moment before, and a controller may always be so slow that
   *  others take over: what is heard then says nothing. */
  const hearsNoMoreThanItShould = async (controllers: TestFleet['controllers']): Promise<void> => {
    const changes = () =>
      Promise.all(controllers.map((controller) => figure(controller, 'rutter_shares_changed_total')))
    for (let tried = 0; tried < 3; tried += 1) {
      await sharing(controllers)
      const before = await changes()
      const heard = await heardOfChanges()
      if (String(await changes()) !== String(before)) continue
      const endpoints = endpointsTopic('default', 'outbound|9080||reviews.default.svc.cluster.local')
      expect(heard).toEqual([endpoints, endpoints, proxyTopic(client.node)])
      return
    }
    throw new Error('the controllers that share the work kept becoming others')
  }

  test('U11: of three', async () => {
    await hearsNoMoreThanItShould(fleet.controllers)
  }, 60_000)

  test('U11: after one was killed and another has taken over', async () => {
    const [killed, ...others] = fleet.controllers
    await killed?.kill()
    await hearsNoMoreThanItShould(others)
  }, 60_000)

  test('U11: after it has come back', async () => {
    await fleet.controllers[0]?.start()
    await hearsNoMoreThanItShould(fleet.controllers)
  }, 60_000)

  test('B23: one that stood still takes nothing over from those who spoke meanwhile', async () => {
    const [stopped, other] = fleet.controllers
    if (stopped === undefined || other === undefined) throw new Error('there are three')
    await sharing(fleet.controllers)
    const changes = await figure(stopped, 'rutter_shares_changed_total')
    const seenBy = (count: number) =>
      expect.poll(() => figure(other, 'rutter_bus_controllers_sharing'), { timeout: 20_000 }).toBe(count)
    stopped.process.child.kill('SIGSTOP')
    try {
      await seenBy(2)
    } finally {
      stopped.process.child.kill('SIGCONT')
    }
    await seenBy(3)
    expect(await figure(stopped, 'rutter_shares_changed_total')).toBe(changes)
  }, 60_000)
})
