import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import type { AgentStatus, SyncAnswer, SyncRequest, Verdict } from '../../src/model/frame.ts'
import type { AgentBus, AgentBusListener } from '../../src/ports.ts'
import { runAgent } from '../../src/streams/agent.ts'
import { sidecar } from '../projections/anyMesh.ts'
import { testStream, typeUrl } from './testStream.ts'

/** An agent of a proxy that is to have nothing, and the controllers that it speaks with. */
const agentOn = (answerTo: (status: AgentStatus) => Verdict | undefined) => {
  const asked: SyncRequest[] = []
  const told: AgentStatus[] = []
  let listener: AgentBusListener | undefined
  const controllers = { reachable: true }
  const bus: AgentBus = {
    hear: async () => false,
    sync: async (request): Promise<SyncAnswer> => {
      asked.push(request)
      if (!controllers.reachable) throw new Error('no controller answers')
      return { type: 'missing', frames: [], standing: request.standing, log: 'one' }
    },
    tell: (status) => {
      told.push(status)
      const verdict = controllers.reachable ? answerTo(status) : undefined
      if (verdict !== undefined) listener?.compared(verdict)
    },
    listen: (given) => {
      listener = given
    },
  }
  const agent = runAgent({
    mesh: 'default',
    identity: sidecar('10.1.0.1', 'p0'),
    metadata: {},
    clock: { monotonicMs: () => performance.now() },
    random: () => 0.5,
  })
  onTestFinished(() => agent.stop())
  agent.attach(bus)
  return { agent, controllers, asked, told, listener: () => listener as AgentBusListener }
}

describe('what an agent says and asks', () => {
  beforeEach(() => {
    vi.useFakeTimers()
    onTestFinished(() => {
      vi.useRealTimers()
    })
  })
  const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000)

  test('B19: as long as its statuses are answered and nothing is missing it asks once, and says every 5 s how it does, always the same', async () => {
    const { asked, told } = agentOn(() => 'equal')
    await pass(1)
    const before = told.length
    await pass(60)
    expect(asked).toHaveLength(1)
    expect(told.length - before).toBe(12)
    expect(new Set(told.slice(before).map((status) => JSON.stringify(status))).size).toBe(1)
  })

  test('B25: that its Envoy came or went is told in a moment, what else changes at most once a second', async () => {
    const { agent, told } = agentOn(() => 'equal')
    await pass(10)
    const before = told.length
    const since = () =>
      told.slice(before).map(({ status: { connected, state } }) => [connected, state].join())
    const envoy = testStream()
    agent.accept(envoy.stream)
    envoy.request(typeUrl('clusters'), { node: { id: sidecar('10.1.0.1', 'p0').node, metadata: {} } })
    await pass(0.05)
    expect(since()).toEqual(['true,pending'])
    envoy.acknowledge()
    await pass(0.5)
    expect(since()).toEqual(['true,pending'])
    await pass(0.5)
    expect(since()).toEqual(['true,pending', 'true,synced'])
    envoy.leave()
    await pass(0.05)
    expect(since()).toEqual(['true,pending', 'true,synced', 'false,silent'])
  })

  test('B19: what may be on its way is waited for', async () => {
    const { asked } = agentOn(() => 'onItsWay')
    await pass(60)
    expect(asked).toHaveLength(1)
  })

  test('B19: told that something is missing, or connected anew, it asks', async () => {
    let verdict: Verdict = 'missing'
    const { asked, listener } = agentOn(() => verdict)
    await pass(6)
    const before = asked.length
    expect(before).toBeGreaterThan(1)
    verdict = 'equal'
    await pass(10)
    expect(asked).toHaveLength(before)
    listener().reconnected()
    await pass(0)
    expect(asked).toHaveLength(before + 1)
  })

  test('B19: so it does when no controller answers its status for 2 s, and goes on until one does', async () => {
    let answers = true
    const { asked, controllers } = agentOn(() => (answers ? 'equal' : undefined))
    await pass(10)
    answers = false
    await pass(7)
    expect(asked).toHaveLength(2)
    controllers.reachable = false
    await pass(60)
    const unanswered = asked.length
    expect(unanswered).toBeGreaterThan(20)
    controllers.reachable = true
    answers = true
    await pass(2)
    expect(asked).toHaveLength(unanswered + 1)
    await pass(60)
    expect(asked).toHaveLength(unanswered + 1)
  })

  test('B19: however often it had reason to ask, one asking at a time waits to be tried again, at most every second', async () => {
    const { asked, controllers, listener } = agentOn(() => undefined)
    controllers.reachable = false
    await pass(60)
    for (let i = 0; i < 50; i += 1) {
      listener().reconnected()
      await pass(0.01)
    }
    const before = asked.length
    await pass(60)
    expect(asked.length - before).toBeLessThan(90)
  })
})
