import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamManager,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream'
import { logAbsent, logDamaged } from '../log/logDamaged.ts'
import type { NatsLink } from './connectNats.ts'
import type { EventStream } from './eventStream.ts'
import { eventStreamName, eventSubjects } from './meshStream.ts'
import { natsRefused } from './natsRefused.ts'
import { noPeers, retrying } from './retrying.ts'
import { readSyncInterval } from './syncInterval.ts'
import { weaknesses } from './weaknesses.ts'

export type EventStreamOptions = {
  readonly mesh: string
  /** Copies; 3 in a cluster unless given, else 1. Only told to a stream that is made. */
  readonly replicas?: number
  /** Monitoring addresses of the servers, to read how they sync. */
  readonly monitors?: readonly string[]
  /** False refuses where there is no stream, instead of making it. */
  readonly make: boolean
  /** Told of every weakness. */
  readonly onNotice: (message: string) => void
  readonly onRetry: (error: Error) => void
}

/** The stream of a mesh's log, which is made where it is absent, and when it was made. Every weakness of its settings
 *  is told. Rejects with a `NatsRefused` when server or stream cannot hold a log, with a `LogDamaged` when entries are
 *  missing or it takes messages of others. Servers that are starting are waited for, 15 s at most. */
export const openEventStream = async (
  link: NatsLink,
  options: EventStreamOptions,
): Promise<{ readonly stream: EventStream; readonly created: string }> => {
  refuseOldServer(link)
  const jsm = await jetstreamManager(link.connection, { timeout: answerMs, checkAPI: false })
  const js = jetstream(link.connection, { timeout: answerMs })
  const name = eventStreamName(options.mesh)
  const clustered = link.connection.info?.cluster !== undefined
  const replicas = options.replicas ?? (clustered ? 3 : 1)
  const config = wantedConfig(options.mesh, replicas)
  const info = await retrying(
    () => findOrMake(jsm, config, options.make),
    openLimitMs,
    options.onRetry,
  ).catch((error: unknown) => {
    throw tooFewServers(config, error) ?? error
  })
  refuseForeign(info, options.mesh)
  const monitors = options.monitors ?? []
  const sync = await Promise.all(monitors.map(async (url) => [url, await readSyncInterval(url)] as const))
  for (const weakness of weaknesses(info.config, { clustered, replicas, sync: new Map(sync) })) {
    options.onNotice(`warning: the log ${name} may lose what it acknowledged: ${weakness}`)
  }
  return { stream: { link, js, jsm, mesh: options.mesh, name }, created: info.created }
}

/** Servers before 2.10 break compare-and-set on replicated streams, and sync once a minute whatever they are told. */
const refuseOldServer = ({ connection }: NatsLink): void => {
  const version = connection.info?.version ?? '0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > 2 || (major === 2 && minor >= 10)) return
  throw natsRefused(
    'unfit',
    `the server is nats-server ${version}, whose compare-and-set is not safe for a log`,
    'use 2.10 or newer',
  )
}

const wantedConfig = (mesh: string, replicas: number): Partial<StreamConfig> & { readonly name: string } => ({
  name: eventStreamName(mesh),
  subjects: [eventSubjects(mesh).all],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // Were a limit ever set, refusing new entries is better than dropping old ones.
  discard: DiscardPolicy.New,
  num_replicas: replicas,
  deny_delete: true,
  deny_purge: true,
  allow_direct: false,
})

const findOrMake = async (
  jsm: JetStreamManager,
  config: Partial<StreamConfig> & { readonly name: string },
  make: boolean,
): Promise<StreamInfo> => {
  const found = await infoOf(jsm, config.name)
  if (found !== undefined) return found
  if (!make) throw logAbsent(config.name)
  try {
    return await jsm.streams.add(config)
  } catch (error) {
    const made = codeOf(error) === nameInUse ? await infoOf(jsm, config.name) : undefined
    if (made !== undefined) return made
    throw tooFewServers(config, error, [notClustered]) ?? error
  }
}

/** The refusal that `error` stands for, when its code says that servers are missing for the copies. */
const tooFewServers = ({ name, num_replicas }: Partial<StreamConfig>, error: unknown, codes = [noPeers]) =>
  codes.includes(codeOf(error) ?? 0)
    ? natsRefused(
        'unfit',
        `no ${num_replicas} servers can hold ${name} (${(error as Error).message})`,
        'start more, or give --replicas 1',
        error,
      )
    : undefined

const codeOf = (error: unknown): number | undefined =>
  error instanceof JetStreamApiError ? error.code : undefined

/** The server's `err_code`s (its server/errors.json). */
const [nameInUse, notClustered, noStream] = [10058, 10074, 10059]
const openLimitMs = 15_000
const answerMs = 2_000

const infoOf = async (jsm: JetStreamManager, name: string): Promise<StreamInfo | undefined> => {
  try {
    return await jsm.streams.info(name)
  } catch (error) {
    if (codeOf(error) === noStream) return undefined
    throw error
  }
}

// An entry's position is its message's sequence: both count from 1, without a gap.
const refuseForeign = ({ config, state }: StreamInfo, mesh: string): void => {
  const subjects = [eventSubjects(mesh).all]
  if (
    config.mirror !== undefined ||
    (config.sources ?? []).length > 0 ||
    `${config.subjects}` !== `${subjects}`
  ) {
    throw logDamaged(
      config.name,
      0,
      `the stream takes ${config.subjects ?? 'what another holds'}, not ${subjects} alone`,
    )
  }
  if (state.last_seq === 0) return
  if (state.messages === 0 || state.first_seq !== 1) {
    throw logDamaged(config.name, 1, `the stream begins at ${state.first_seq}: what stood before was removed`)
  }
  if (state.messages !== state.last_seq) {
    throw logDamaged(config.name, 0, `${state.last_seq - state.messages} entries were removed`)
  }
}
