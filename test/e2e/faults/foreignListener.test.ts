import { connect } from '@nats-io/transport-node'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
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

  const hearsNoMoreThanItShould = async (): Promise<void> => {
    const { mesh } = fleet
    const connection = await connect({ servers: [...fleet.servers.urls] })
    onTestFinished(() => connection.close())
    const heard: string[] = []
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
    const endpoints = endpointsTopic('default', 'outbound|9080||reviews.default.svc.cluster.local')
    expect(heard.filter((topic) => topic !== 'fragment.shared.roll')).toEqual([
      endpoints,
      proxyTopic(client.node),
      endpoints,
    ])
    await mesh.remove('RouteRule', 'mine')
    await mesh.settled()
  }

  test('U11: of three', async () => {
    await sharing(fleet.controllers)
    await hearsNoMoreThanItShould()
  }, 60_000)

  test('U11: after one was killed and another has taken over', async () => {
    const [killed, ...others] = fleet.controllers
    await killed?.kill()
    await sharing(others)
    await hearsNoMoreThanItShould()
  }, 60_000)

  test('U11: after it has come back', async () => {
    await fleet.controllers[0]?.start()
    await sharing(fleet.controllers)
    await hearsNoMoreThanItShould()
  }, 60_000)
})
