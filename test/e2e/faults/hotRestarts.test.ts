import { expect, test, vi } from 'vitest'
import { envoyOrSkip } from '../../envoyOrSkip.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { routeRule, service } from '../../reducers/given.ts'
import { figure, startFleet } from '../fleet.ts'
import { startLoad } from '../load.ts'
import type { Answer } from '../mesh.ts'
import { scale } from './scale.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]

test.skipIf(envoy.skip || nats.skip)(
  `U9: ${scale.hotRestarts} hot restarts, by SIGHUP and by bootstraps that change, fail no request`,
  async () => {
    const agentArgs = ['--parent-shutdown-time', '5s']
    const fleet = await startFleet({ envoy: envoy.path, nats: nats.path, controllers: 1, agentArgs })
    const { mesh, agents } = fleet
    try {
      for (const name of ['client', 'reviews']) await mesh.put(service(name))
      const client = await mesh.workload('client-1', { service: 'client' })
      for (const version of ['v1', 'v2'])
        await mesh.workload(`reviews-${version}`, { service: 'reviews', version })
      await mesh.settled()
      const agent = agents.get('client-1')
      if (agent === undefined) throw new Error('no agent')

      // On connections of their own, and one after the other on a connection that is kept as long as Envoy lets it be.
      // One that lies idle may be closed in the moment in which it is taken up again, by any server.
      const load = startLoad([() => client.get('reviews:9080', '/', { connection: 'close' })], 240)
      const kept = inTurn(() => client.get('reviews:9080'))
      for (let i = 1; i <= scale.hotRestarts; i += 1) {
        const before = await figure(agent, 'rutter_envoy_hand_overs_total')
        let wanted = before + 1
        if (i % 2 === 1) agent.process.child.kill('SIGHUP')
        else {
          // It lets go of its Envoy; the next agent wants another bootstrap for it.
          agent.process.child.kill('SIGUSR2')
          expect(await agent.process.ended).toBe(0)
          await agent.start(['--labels', `restart=${i}`])
          wanted = 1
        }
        await vi.waitFor(
          async () => expect(await figure(agent, 'rutter_envoy_hand_overs_total')).toBe(wanted),
          { timeout: 30_000, interval: 100 },
        )
        const version = i % 2 === 0 ? 'v1' : 'v2'
        await mesh.put(
          routeRule('reviews', { destination: { name: 'reviews' }, route: [{ labels: { version } }] }),
        )
        await mesh.settled()
        expect((await client.get('reviews:9080', '/', { connection: 'close' })).body).toBe(
          `reviews ${version}`,
        )
      }
      const { requests, failures } = await load.stop()
      expect([...failures, ...(await kept.stop())]).toEqual([])
      expect(requests).toBeGreaterThan(scale.hotRestarts * 240)
    } finally {
      await fleet.stop()
    }
  },
  scale.hotRestarts * 30_000 + 60_000,
)

/** Sends one request when the one before is answered, until it is stopped; tells what failed. */
const inTurn = (send: () => Promise<Answer>) => {
  const failures: string[] = []
  let stopped = false
  const run = async (): Promise<void> => {
    while (!stopped) {
      try {
        const { status, body } = await send()
        if (status !== 200) failures.push(`kept: ${status} ${body}`)
      } catch (error) {
        failures.push(`kept: ${(error as Error).message}`)
      }
    }
  }
  const done = run()
  return {
    stop: async (): Promise<readonly string[]> => {
      stopped = true
      await done
      return failures
    },
  }
}
