import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { sidecar } from '../projections/anyMesh.ts'
import { applied, given, service } from '../reducers/given.ts'
import { agentOf, publishingOn } from './publishingOn.ts'

const oneAgent = async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const rutter = publishingOn(given(applied(service('one'))))
  const agent = agentOf(rutter, sidecar('10.1.0.1', 'p0'))
  await agent.sync()
  agent.tell()
  return {
    ...rutter,
    tell: agent.tell,
    state: () => rutter.fleet.statuses()[0]?.state,
    /** Seconds in each of which the controller has its turn. */
    run: (seconds: number): void => {
      for (let second = 0; second < seconds; second += 1) {
        rutter.pass(1_000)
        vi.advanceTimersByTime(1_000)
      }
    },
    /** As long as this it has none. */
    standStill: (ms: number): void => {
      rutter.pass(ms)
      vi.advanceTimersByTime(1_000)
    },
  }
}

describe('agents that are not heard', () => {
  test('B23: an agent is silent when nothing was heard of it for 16 s, until it is heard, and forgotten after two minutes', async () => {
    const { run, state, tell, publishing } = await oneAgent()
    run(16)
    expect(state()).toBe('synced')
    run(1)
    expect(state()).toBe('silent')
    tell()
    expect(state()).toBe('synced')
    run(120)
    expect(publishing.counters().agents).toBe(1)
    run(1)
    expect(publishing.counters().agents).toBe(0)
  })

  test('B23: while the controller could not run itself, nobody was silent', async () => {
    const { run, standStill, state } = await oneAgent()
    run(10)
    standStill(3_600_000)
    expect(state()).toBe('synced')
    run(5)
    expect(state()).toBe('synced')
    run(1)
    expect(state()).toBe('silent')
  })

  test('B23: a clock that somebody sets, forward or back, has no say in it', async () => {
    const { setBy, run, state } = await oneAgent()
    setBy(3_600_000)
    run(1)
    expect(state()).toBe('synced')
    setBy(-7_200_000)
    run(15)
    expect(state()).toBe('synced')
    run(1)
    expect(state()).toBe('silent')
  })
})
