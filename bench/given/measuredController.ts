import { isLeft, right } from 'fp-ts/lib/Either.js'
import { parseNodeId } from '../../src/codecs/nodeId.ts'
import type { Snapshot } from '../../src/model/mesh.ts'
import type { ControllerBus, EventLog } from '../../src/ports.ts'
import { type RunningController, runController } from '../../src/streams/controller.ts'

/** A controller in this process that speaks with agents, and knows any proxy by its node id. Throws where it loses its
 *  log. */
export const measuredController = (parts: {
  readonly log: EventLog
  readonly start: Snapshot
  readonly bus: ControllerBus
}): RunningController =>
  runController({
    ...parts,
    identify: ({ id }) => {
      const identity = parseNodeId(id)
      return isLeft(identity) ? identity : right({ identity: identity.right, metadata: {} })
    },
    clock: {
      nowMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      newId: () => crypto.randomUUID(),
    },
    lost: (reason) => {
      throw reason
    },
  })
