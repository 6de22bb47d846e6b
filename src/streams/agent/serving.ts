import { right } from 'fp-ts/lib/Either.js'
import { Subject } from 'rxjs'
import { nothingChanged } from '../../agent/assembly.ts'
import type { Changed } from '../../agent/content.ts'
import type { Readable } from '../../agent/knownGood.ts'
import { defaultDeliveryLimits } from '../../delivery/limits.ts'
import type { CertificateFileState } from '../../model/certificateFile.ts'
import type { ProxyStatus } from '../../model/fleet.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../model/proxy.ts'
import { byCodeUnit } from '../../model/resourceName.ts'
import type { Secrets } from '../../model/secret.ts'
import { xdsTypes } from '../../model/xds.ts'
import type { Clock, XdsStream } from '../../ports.ts'
import type { ProjectedProxy } from '../../projections/projectedProxy.ts'
import { isSecretReference } from '../../projections/views/secretReference.ts'
import { createFleet } from '../fleet.ts'
import { leadingThenEvery } from '../leadingThenEvery.ts'
import { createSessions, type Sessions } from '../sessions.ts'

/** Where what an agent serves comes from. */
export type Origin = 'nothing' | 'controller' | 'knownGood'

/** What an agent serves to the streams of its Envoy, and how that does with it. */
export type Serving = {
  accept(stream: XdsStream): void
  /** What is in the secrets of these names, or in the files that they name, came, changed or went. */
  secretsChanged(names: readonly string[]): void
  /** Serves `readable` instead of what was served. */
  serve(readable: Readable, origin: Exclude<Origin, 'nothing'>): void
  /** These names are to be handed on with the next delivery. */
  note(changed: Changed): void
  /** Hands on what was noted: at once, and in a storm of changes every few milliseconds. */
  deliver(): void
  readable(): Readable
  origin(): Origin
  /** Resolves when there is something to serve. */
  readonly served: Promise<Origin>
  status(): ProxyStatus
  /** True once the Envoy has taken all, but what it refuses, of what was intended at some time. */
  hasTaken(): boolean
  /** Names of secrets that listeners and clusters ask for and nobody here has; sorted. */
  lackingSecrets(): readonly string[]
  counters: Sessions['counters']
  /** Ends every stream. */
  close(): void
}

/** Frames are delivered at once, and while more come at most once in this many milliseconds (design §7). */
const busyMs = 5

/** Serves nothing yet. */
export const createServing = (parts: {
  readonly identity: ProxyIdentity
  readonly metadata: ProxyMetadata
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly secrets?: Pick<Secrets, 'resource'>
  readonly fileState?: CertificateFileState
  /** Told whenever the status may have changed. */
  readonly settled: () => void
}): Serving => {
  const { identity, metadata, clock, secrets, fileState } = parts
  const { node } = identity
  const frames = new Subject<void>()
  let readable: Readable = nothing
  let origin: Origin = 'nothing'
  let pending = nothingChanged()
  let taken = false
  let resolveServed: (origin: Origin) => void = () => {}
  const served = new Promise<Origin>((resolve) => {
    resolveServed = resolve
  })

  const proxy: ProjectedProxy = {
    identity,
    metadata,
    managed: identity.type !== 'bare',
    position: () => readable.position(),
    names: (type) => readable.names(type),
    get: (type, name) => readable.get(type, name),
  }
  const fleet = createFleet(() => false)
  const settled = (): void => {
    const { state } = status()
    taken ||= state === 'synced' || state === 'rejected'
    parts.settled()
  }
  const sessions = createSessions({
    projector: { follow: () => proxy, release: () => {} },
    fleet,
    clock,
    identify: (asked) =>
      asked.id === node
        ? right({ identity, metadata })
        : { _tag: 'Left', left: `this is the agent of ${node}, not of ${asked.id}` },
    limits: defaultDeliveryLimits,
    project: () => {},
    settled: () => settled(),
    ...(secrets && { secrets }),
    ...(fileState && { fileState }),
  })

  const delivering = frames.pipe(leadingThenEvery(busyMs)).subscribe(() => {
    const changed = pending
    pending = nothingChanged()
    sessions.changed(() => new Map([[proxy, asLists(changed)]]))
    settled()
  })

  const silent: ProxyStatus = {
    id: node,
    type: identity.type,
    connected: false,
    state: 'silent',
    ackedPosition: 0,
    rejections: [],
  }

  /** What is held and not handed on yet nobody can have acknowledged. */
  const status = (): ProxyStatus => {
    const now = fleet.statuses()[0] ?? silent
    const isHandedOn = xdsTypes.every((type) => pending[type].size === 0)
    return now.state === 'synced' && !isHandedOn ? { ...now, state: 'pending' } : now
  }

  const isLacking = (name: string): boolean => {
    const resource = readable.get('secrets', name)
    return resource !== undefined && isSecretReference(resource) && secrets?.resource(name) === undefined
  }

  return {
    accept: sessions.accept,
    secretsChanged: sessions.secretsChanged,
    serve: (from, as) => {
      for (const type of xdsTypes)
        for (const one of [readable, from]) for (const name of one.names(type)) pending[type].add(name)
      readable = from
      origin = as
      resolveServed(as)
      frames.next()
    },
    note: (changed) => {
      for (const type of xdsTypes) for (const name of changed[type]) pending[type].add(name)
    },
    deliver: () => frames.next(),
    readable: () => readable,
    origin: () => origin,
    served,
    status,
    hasTaken: () => taken,
    lackingSecrets: () => [...readable.names('secrets')].filter(isLacking).sort(byCodeUnit),
    counters: sessions.counters,
    close: () => {
      delivering.unsubscribe()
      sessions.close()
    },
  }
}

const nothing: Readable = { position: () => 0, names: () => [], get: () => undefined }

const asLists = ({ clusters, endpoints, listeners, routes, secrets }: Changed) => ({
  clusters: [...clusters],
  endpoints: [...endpoints],
  listeners: [...listeners],
  routes: [...routes],
  secrets: [...secrets],
})
