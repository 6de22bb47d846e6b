import { setTimeout as pause } from 'node:timers/promises'
import { isRight } from 'fp-ts/lib/Either.js'
import type { Registry } from 'prom-client'
import { natsAgentBus } from '../../adapters/nats/agentBus.ts'
import { connectNats, type NatsLink } from '../../adapters/nats/connectNats.ts'
import type { NatsProfile } from '../../adapters/nats/natsProfile.ts'
import type { RunningAgent } from '../../streams/agent.ts'
import { agentBusMetrics, linkMetrics } from '../agentMetrics.ts'
import { exportCounters } from '../exportCounters.ts'
import { aborted } from './aborted.ts'

/** Connects an agent to NATS, however long it takes, and lets go when `leaving` aborts; then it resolves. */
export const connectAgent = async (
  running: RunningAgent,
  {
    profile,
    mesh,
    node,
    metrics,
    notice,
  }: {
    readonly profile: NatsProfile
    readonly mesh: string
    readonly node: string
    readonly metrics: Registry
    readonly notice: (message: string) => void
  },
  leaving: AbortSignal,
): Promise<void> => {
  let link: NatsLink | undefined
  let lastProblem = ''
  while (link === undefined && !leaving.aborted) {
    const connected = await connectNats(profile, { limitMs: 2_000, onNotice: notice })
    if (isRight(connected)) link = connected.right
    else {
      const { message } = connected.left
      if (message !== lastProblem) notice(message)
      lastProblem = message
      await pause(500 + Math.random() * 1_000, undefined, { signal: leaving }).catch(() => undefined)
    }
  }
  if (link === undefined) return
  if (!leaving.aborted) {
    if (lastProblem !== '') notice('connected to NATS')
    const bus = natsAgentBus(link, mesh, node)
    exportCounters(metrics, agentBusMetrics, bus.counters)
    exportCounters(metrics, linkMetrics, link.counters)
    running.attach(bus)
    await aborted(leaving)
    bus.close()
  }
  await link.close()
}
