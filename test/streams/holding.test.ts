import { describe, expect, onTestFinished, test, vi } from 'vitest'
import type { ProjectedProxy } from '../../src/projections/projectedProxy.ts'
import type { Step } from '../../src/projections/projector.ts'
import { createHolding } from '../../src/streams/holding.ts'
import { sidecar } from '../projections/anyMesh.ts'

const holdingOf = (fleet: { connected?: boolean } = {}) => {
  vi.useFakeTimers()
  onTestFinished(() => {
    vi.useRealTimers()
  })
  const { connected = true } = fleet
  const taken = new Set<string>()
  const freed: string[] = []
  let position = 7
  const holding = createHolding({
    position: () => position,
    clock: { monotonicMs: () => performance.now() },
    fleet: { isConnected: () => connected, hasTaken: (node) => taken.has(node) },
    free: (proxies) => {
      freed.push(...proxies.map(({ identity }) => identity.node))
    },
  })
  const arrive = (...nodes: readonly string[]): void => {
    const held = new Set(
      nodes.map((node) => ({ identity: { ...sidecar('10.0.0.1', 'a'), node } }) as ProjectedProxy),
    )
    holding.stepped({ held } as unknown as Step)
  }
  return {
    holding,
    taken,
    freed,
    arrive,
    moveTo: (to: number) => {
      position = to
    },
  }
}

describe('endpoints that are held from callers', () => {
  test('S17: callers are told once the proxy in front has acknowledged, and whoever waits for the position waits so long', () => {
    const { holding, taken, freed, arrive, moveTo } = holdingOf()
    arrive('one')
    moveTo(9)
    arrive('two')
    expect([6, 7, 9].map(holding.holds)).toEqual([false, true, true])
    taken.add('one')
    vi.advanceTimersByTime(5)
    expect(freed).toEqual(['one'])
    expect([7, 9].map(holding.holds)).toEqual([false, true])
    taken.add('two')
    vi.advanceTimersByTime(5)
    expect(freed).toEqual(['one', 'two'])
    expect(holding.counters()).toEqual({ endpointsHeld: 0, endpointsHeldInVain: 0 })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('S17: after 2 s they are told all the same, which is counted', () => {
    const { holding, freed, arrive } = holdingOf()
    arrive('one')
    // A clock that is put back changes nothing.
    vi.setSystemTime(0)
    vi.advanceTimersByTime(1_990)
    expect(freed).toEqual([])
    vi.advanceTimersByTime(20)
    expect(freed).toEqual(['one'])
    expect(holding.counters()).toEqual({ endpointsHeld: 0, endpointsHeldInVain: 1 })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('S17: nobody waits for a proxy that is gone', () => {
    const { holding, freed, arrive } = holdingOf({ connected: false })
    arrive('one')
    expect(freed).toEqual(['one'])
    expect(holding.counters()).toEqual({ endpointsHeld: 0, endpointsHeldInVain: 0 })
  })

  test('S17: beyond 1,000 proxies the first are waited for no longer', () => {
    const { holding, freed, arrive } = holdingOf()
    arrive(...Array.from({ length: 1_003 }, (_, i) => `${i}`))
    expect(freed).toEqual(['0', '1', '2'])
    expect(holding.counters()).toEqual({ endpointsHeld: 1_000, endpointsHeldInVain: 3 })
    holding.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
