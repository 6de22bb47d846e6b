import { isRight } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { JetstreamLog } from '../../../src/adapters/nats/jetstreamLog.ts'
import { registered } from '../../contract/registered.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { type NatsServers, startNats } from './natsHarness.ts'
import { openedLog } from './openedLog.ts'

const nats = await natsServerOrSkip()

describe.skipIf(nats.skip)('turns', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path)
  })
  afterAll(() => servers?.stop())

  test('N15: of two who never stop writing, neither loses more than a few times in a row', async () => {
    const one = await openedLog(servers.urls)
    const two = await openedLog(servers.urls, { mesh: one.mesh })
    let ended = false
    const longestLosing = async (log: JetstreamLog, name: string): Promise<number> => {
      let [longest, lost, expected] = [0, 0, 0]
      for (let i = 0; i < 300 && !ended; ) {
        const answer = await log.append([registered(`${name}-${i}`)], expected)
        if (isRight(answer)) {
          i += 1
          lost = 0
          expected = answer.right.position
        } else {
          lost += 1
          longest = Math.max(longest, lost)
          expected = (answer.left as { readonly end: number }).end
        }
      }
      // Whoever goes on alone cannot lose.
      ended = true
      return longest
    }
    const longest = await Promise.all([longestLosing(one, 'a'), longestLosing(two, 'b')])
    expect(Math.max(...longest)).toBeGreaterThan(0)
    expect(Math.max(...longest)).toBeLessThan(20)
    expect(one.counters().heldBack + two.counters().heldBack).toBeGreaterThan(0)
  })

  test('N15: asking is outside of the log', async () => {
    const log = await openedLog(servers.urls)
    log.link.connection.publish(`rutter.${log.mesh}.turn`, 'another')
    await log.link.connection.flush()
    expect(await log.append([registered('a')], 0)).toMatchObject({ right: { position: 1 } })
    expect(log.counters().heldBack).toBe(1)
  })
})
