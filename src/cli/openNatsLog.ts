import { isLeft } from 'fp-ts/lib/Either.js'
import { connectNats, type NatsLink } from '../adapters/nats/connectNats.ts'
import { type NatsControllerBus, natsControllerBus } from '../adapters/nats/controllerBus.ts'
import { jetstreamCheckpoints } from '../adapters/nats/jetstreamCheckpoints.ts'
import { type JetstreamLog, jetstreamLog } from '../adapters/nats/jetstreamLog.ts'
import { type Lease, type LeaseOptions, natsLease } from '../adapters/nats/lease.ts'
import type { NatsProfile } from '../adapters/nats/natsProfile.ts'
import type { Checkpoints, EventLog } from '../ports.ts'

/** A log in NATS, and who asks for it. */
export type NatsPlace = {
  readonly profile: NatsProfile
  readonly mesh: string
  /** Copies of the stream, where it is made. */
  readonly replicas?: number
  /** Monitoring addresses of the servers. */
  readonly monitors?: readonly string[]
}

/** What a log in NATS and the connection to it count. */
export type NatsLogCounters = ReturnType<JetstreamLog['counters']> & ReturnType<NatsLink['counters']>

/** The log of a mesh and its checkpoints on a connection of their own, which ends when the log is closed. Rejects with
 *  a `NatsRefused` or a `LogDamaged`. */
export const openNatsLog = async (
  { profile, mesh, replicas, monitors }: NatsPlace,
  notice: (message: string) => void,
): Promise<{
  readonly log: EventLog
  readonly checkpoints: Checkpoints
  readonly counters: () => NatsLogCounters
  /** The bus of the mesh on the same connection, of the controller `id`. */
  readonly bus: (id: string) => NatsControllerBus
  /** Takes part in who does what only one controller is to do. */
  readonly lease: (options: Omit<LeaseOptions, 'mesh'>) => Lease
}> => {
  const link = await connectNats(profile, { onNotice: notice })
  if (isLeft(link)) throw link.left
  try {
    const log = await jetstreamLog(link.right, {
      mesh,
      onNotice: notice,
      ...(replicas === undefined ? {} : { replicas }),
      ...(monitors === undefined ? {} : { monitors }),
    })
    const close = async (): Promise<void> => {
      await log.close()
      await link.right.close()
    }
    return {
      log: { ...log, close },
      checkpoints: jetstreamCheckpoints(link.right, mesh, notice),
      counters: () => ({ ...log.counters(), ...link.right.counters() }),
      bus: (id) => natsControllerBus(link.right, mesh, id, log.created),
      lease: (options) => natsLease(link.right, { ...options, mesh }),
    }
  } catch (error) {
    await link.right.close()
    throw error
  }
}
