import { isRight } from 'fp-ts/lib/Either.js'
import { expect, onTestFinished } from 'vitest'
import { type Assembly, createAssembly, nothingChanged } from '../../src/agent/assembly.ts'
import { decodeFrame, decodeSyncAnswer, encodeFrame, encodeSyncAnswer } from '../../src/codecs/busMessage.ts'
import { parseNodeId } from '../../src/codecs/nodeId.ts'
import type { MeshEvent } from '../../src/model/event.ts'
import type { ProxyStatus } from '../../src/model/fleet.ts'
import type { AgentStatus, Frame, SyncAnswer, SyncRequest, Verdict } from '../../src/model/frame.ts'
import type { Snapshot } from '../../src/model/mesh.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../src/model/proxy.ts'
import { proxyTopic } from '../../src/model/topic.ts'
import type { ControllerBus, ControllerBusListener } from '../../src/ports.ts'
import { createProjector, type Step } from '../../src/projections/projector.ts'
import { emptySnapshot, reduceMesh } from '../../src/reducers/mesh.ts'
import { createFleet } from '../../src/streams/fleet.ts'
import { createPublishing } from '../../src/streams/publishing.ts'
import { entriesOf } from '../reducers/given.ts'
import { handClock } from './running.ts'

/** A controller whose bus is a list of frames. */
export const publishingOn = (
  start: Snapshot = emptySnapshot,
  peers: readonly string[] = ['one'],
  {
    id = 'one',
    isConnected = () => false,
  }: { readonly id?: string; readonly isConnected?: () => boolean } = {},
) => {
  const sent: Frame[] = []
  let listener: ControllerBusListener | undefined
  let snapshot = start
  let held: Step['held'] = new Set()
  const bus: ControllerBus = {
    id,
    log: 'one',
    peers: () => peers,
    announce: () => {},
    ask: () => {},
    askPeers: async () => {},
    publish: (frame) => {
      const travelled = decodeFrame(encodeFrame(frame))
      if (isRight(travelled)) sent.push(travelled.right)
    },
    listen: (given) => {
      listener = given
    },
  }
  const clock = handClock()
  const projector = createProjector(start, { isConnected })
  const fleet = createFleet(projector.concerned)
  const publishing = createPublishing({
    bus,
    projector,
    fleet,
    clock,
    identify: parseNodeId,
    reached: async () => {},
    standing: async ({ position }) => fleet.direct(position),
  })
  onTestFinished(() => publishing.close())
  return {
    projector,
    fleet,
    publishing,
    /** Time passes. */
    pass: (ms: number): void => clock.set(clock.monotonicMs() + ms),
    /** Somebody sets the clock on the wall. */
    setBy: clock.setBy,
    status: (status: AgentStatus): Verdict | undefined => listener?.status(status),
    step: (...events: readonly MeshEvent[]): readonly Frame[] => {
      snapshot = reduceMesh(snapshot, entriesOf(events, snapshot.position + 1))
      sent.length = 0
      const step = projector.step(snapshot)
      held = step.held
      publishing.stepped(step)
      return [...sent]
    },
    /** Callers are told of what the last step held. */
    free: (): readonly Frame[] => {
      sent.length = 0
      publishing.stepped(projector.free(held))
      return [...sent]
    },
    ask: async (request: SyncRequest): Promise<SyncAnswer> => {
      const answer = await listener?.sync(request)
      if (answer === undefined) throw new Error('nobody listens')
      const travelled = decodeSyncAnswer(encodeSyncAnswer(answer))
      expect(isRight(travelled)).toBe(true)
      return isRight(travelled) ? travelled.right : answer
    },
  }
}

export type Rutter = ReturnType<typeof publishingOn>

/** The agent of a proxy; it asks when it notices that something is missing. */
export const agentOf = (rutter: Rutter, identity: ProxyIdentity, metadata: ProxyMetadata = {}) => {
  const assembly = createAssembly()
  const { node } = identity
  let outcome: ReturnType<Assembly['compare']> = 'other'
  const sync = async (): Promise<SyncAnswer> => {
    const answer = await rutter.ask({ node, metadata, standing: assembly.standing(), log: 'one' })
    if (answer.type === 'missing') {
      for (const frame of answer.frames) assembly.take(frame, nothingChanged())
      outcome = assembly.compare(answer.standing)
    }
    return answer
  }
  const hears = (frame: Frame): boolean =>
    frame.topic === assembly.view() ||
    frame.topic === proxyTopic(node) ||
    [...assembly.endpointTopics().values()].includes(frame.topic)
  /** What it says of an Envoy that has acknowledged all that it holds. */
  const status = (more: Partial<ProxyStatus> = {}): AgentStatus => ({
    node,
    metadata,
    standing: assembly.standing(),
    position: assembly.position(),
    log: 'one',
    status: {
      id: node,
      type: identity.type,
      connected: true,
      state: 'synced',
      ackedPosition: 0,
      rejections: [],
      ...more,
    },
  })
  return {
    assembly,
    sync,
    /** Asks until it holds what it should: for all, where what it was given did not lead there. */
    askAll: async (): Promise<void> => {
      for (let asked = 0; asked < 3; asked += 1) {
        await sync()
        if (outcome === 'equal') return
      }
      throw new Error('it was told all, and does not hold it')
    },
    hears,
    status,
    tell: (): Verdict | undefined => rutter.status(status()),
    /** True when it noticed that something is missing. */
    take: (frame: Frame): boolean => hears(frame) && assembly.take(frame, nothingChanged()) === 'gap',
  }
}
