import type { StreamConfig } from '@nats-io/jetstream'
import type { SyncSetting } from './syncInterval.ts'

/** What is known of the servers behind the stream. */
export type Surroundings = {
  readonly clustered: boolean
  /** Copies that were asked for. */
  readonly replicas: number
  /** By monitoring address; undefined where it did not answer. */
  readonly sync: ReadonlyMap<string, SyncSetting | undefined>
}

/** Whatever of a log's stream may lose what was acknowledged, a sentence each, with what to do. */
export const weaknesses = (stream: StreamConfig, around: Surroundings): readonly string[] => [
  ...copies(stream, around),
  ...kept(stream),
  ...synced(around.sync),
]

const copies = ({ num_replicas, storage }: StreamConfig, { clustered, replicas }: Surroundings) => [
  ...(num_replicas < replicas
    ? [`it has ${num_replicas} of ${replicas} copies: nats stream edit --replicas ${replicas}`]
    : []),
  ...(clustered && num_replicas === 1 && replicas === 1
    ? ['it has one copy in a cluster, and dies with its server: give it three']
    : []),
  ...(storage === 'file' ? [] : ['it is kept in memory, and is gone when its servers restart']),
]

const kept = (stream: StreamConfig): readonly string[] => {
  const limits = (['max_age', 'max_msgs', 'max_bytes', 'max_msgs_per_subject'] as const).filter(
    (limit) => (stream[limit] ?? 0) > 0,
  )
  const drops = stream.discard === 'old' ? 'old entries are dropped' : 'no entry is taken'
  return [
    ...(stream.retention === 'limits'
      ? []
      : [`its retention is ${stream.retention}: what was read may be dropped; it must be "limits"`]),
    ...limits.map(
      (limit) =>
        `${limit} is ${stream[limit]}, beyond which ${limit === 'max_age' ? 'old entries are dropped' : drops}: set none`,
    ),
    ...(stream.deny_delete && stream.deny_purge ? [] : ['entries may be deleted or purged: deny both']),
    ...(stream.allow_rollup_hdrs ? ['rollup headers may remove entries: do not allow them'] : []),
    ...(stream.persist_mode === 'async'
      ? ['persist_mode is async: an acknowledged entry may not be written yet']
      : []),
  ]
}

const synced = (sync: Surroundings['sync']): readonly string[] => {
  if (sync.size === 0) {
    return [
      'whether its servers sync before they acknowledge is not known: give --nats-monitor to have it checked',
    ]
  }
  return [...sync].flatMap(([url, setting]) => {
    if (setting === undefined) return [`${url} does not tell its sync_interval`]
    if (setting.always) return []
    return [
      `the server at ${url} syncs every ${setting.everyMs / 1000} s, and loses what it acknowledged since when its machine fails: set sync_interval: always`,
    ]
  })
}
