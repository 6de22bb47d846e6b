import { type KnownGood, knownGoodOf, servedFrom } from '../agent/knownGood.ts'
import type { CertificateFileState } from '../model/certificateFile.ts'
import type { Position } from '../model/entry.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import type { Secrets } from '../model/secret.ts'
import type { Clock } from '../ports.ts'
import { createFollowing, type Following } from './agent/following.ts'
import { createServing, type Serving } from './agent/serving.ts'
import { createTimers } from './agent/timers.ts'

/** An agent that runs: what it serves to the streams of its Envoy, and what it says of it. */
export type RunningAgent = Pick<Following, 'attach'> &
  Pick<
    Serving,
    'accept' | 'secretsChanged' | 'origin' | 'served' | 'status' | 'hasTaken' | 'lackingSecrets'
  > & {
    counters(): { readonly position: Position } & ReturnType<Following['counters']> &
      ReturnType<Serving['counters']>
    /** Ends every stream and says nothing more. */
    stop(): void
  }

/** An agent that serves nothing until it is attached to a bus, or has waited for that in vain. */
export const runAgent = (parts: {
  readonly mesh: string
  readonly identity: ProxyIdentity
  readonly metadata: ProxyMetadata
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** Between 0 and 1, to spread what many agents do. */
  readonly random: () => number
  /** What its Envoy acknowledged in a former life; served when no controller answers within `patienceMs`. */
  readonly knownGood?: KnownGood
  readonly patienceMs?: number
  /** Certificates for the listeners of its Envoy. */
  readonly secrets?: Pick<Secrets, 'resource'>
  /** What is in the files of its workload's certificate, which Envoy reads. */
  readonly fileState?: CertificateFileState
  /** Told when the Envoy has acknowledged all that is intended, with what that is at the time of the call. */
  readonly acknowledged?: (known: () => KnownGood | undefined) => void
  /** Told whenever the status may have changed. */
  readonly changed?: () => void
}): RunningAgent => {
  const { mesh, identity, metadata, clock, random, knownGood } = parts
  const { node } = identity
  const timers = createTimers()

  const isAcknowledged = (): boolean =>
    serving.status().state === 'synced' && serving.origin() === 'controller'

  const serving = createServing({
    identity,
    metadata,
    clock,
    ...(parts.secrets && { secrets: parts.secrets }),
    ...(parts.fileState && { fileState: parts.fileState }),
    settled: () => {
      if (isAcknowledged())
        parts.acknowledged?.(() =>
          isAcknowledged() ? knownGoodOf(mesh, node, serving.readable(), following.servedLog()) : undefined,
        )
      following.noteStatus()
      parts.changed?.()
    },
  })
  const following = createFollowing({ serving, node, metadata, knownGood, timers, clock, random })

  if (knownGood !== undefined)
    timers.later(parts.patienceMs ?? 1_000, () => {
      if (serving.origin() === 'nothing') serving.serve(servedFrom(knownGood), 'knownGood')
    })

  return {
    attach: following.attach,
    accept: serving.accept,
    secretsChanged: serving.secretsChanged,
    origin: serving.origin,
    served: serving.served,
    status: serving.status,
    hasTaken: serving.hasTaken,
    lackingSecrets: serving.lackingSecrets,
    counters: () => ({
      position: serving.readable().position(),
      ...following.counters(),
      ...serving.counters(),
    }),
    stop: () => {
      timers.stop()
      following.stop()
      serving.close()
    },
  }
}
