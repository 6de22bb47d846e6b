import { right } from 'fp-ts/lib/Either.js'
import { Subject } from 'rxjs'
import { type Assembly, createAssembly, nothingChanged } from '../agent/assembly.ts'
import type { Changed } from '../agent/content.ts'
import { type KnownGood, knownGoodOf, type Readable, servedFrom } from '../agent/knownGood.ts'
import { defaultDeliveryLimits } from '../delivery/limits.ts'
import type { CertificateFileState } from '../model/certificateFile.ts'
import type { Position } from '../model/entry.ts'
import type { ProxyStatus } from '../model/fleet.ts'
import type { Standing, SyncAnswer } from '../model/frame.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { byCodeUnit } from '../model/resourceName.ts'
import type { Secrets } from '../model/secret.ts'
import { xdsTypes } from '../model/xds.ts'
import type { AgentBus, Clock, XdsStream } from '../ports.ts'
import type { ProjectedProxy } from '../projections/projectedProxy.ts'
import { isSecretReference } from '../projections/views/secretReference.ts'
import { createAsking, type Outcome } from './agent/asking.ts'
import { createTelling } from './agent/telling.ts'
import { createTimers } from './agent/timers.ts'
import { createFleet } from './fleet.ts'
import { leadingThenEvery } from './leadingThenEvery.ts'
import { createSessions } from './sessions.ts'

/** Where what an agent serves comes from. */
export type Origin = 'nothing' | 'controller' | 'knownGood'

/** An agent that runs: what it serves to the streams of its Envoy, and what it says of it. */
export type RunningAgent = {
  /** Speaks with controllers from now on; once. */
  attach(bus: AgentBus): void
  accept(stream: XdsStream): void
  /** What is in the secrets of these names, or in the files that they name, came, changed or went. */
  secretsChanged(names: readonly string[]): void
  origin(): Origin
  /** Resolves when there is something to serve. */
  readonly served: Promise<Origin>
  status(): ProxyStatus
  /** True once the Envoy has taken all, but what it refuses, of what was intended at some time. */
  hasTaken(): boolean
  /** Names of secrets that listeners and clusters ask for and nobody here has; sorted. */
  lackingSecrets(): readonly string[]
  counters(): {
    readonly position: Position
    readonly gaps: number
    readonly syncs: number
    readonly syncsFailed: number
    readonly behind: number
    readonly streams: number
    readonly streamsRefused: number
    readonly streamsFailed: number
  }
  /** Ends every stream and says nothing more. */
  stop(): void
}

/** Frames are delivered at once, and while more come at most once in this many milliseconds (design §7). */
const busyMs = 5
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
  const { identity, metadata, clock, random, knownGood, mesh } = parts
  const { node } = identity
  let assembly: Assembly = createAssembly()
  /** The log that a controller told last, and the one that what is served is of. */
  let log = knownGood?.log
  let servedLog = log
  const counted = { gaps: 0, behind: 0 }
  const timers = createTimers()
  const { later } = timers
  const frames = new Subject<void>()
  let origin: Origin = 'nothing'
  let readable: Readable = nothing
  let pending = nothingChanged()
  let bus: AgentBus | undefined
  let stopped = false
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
    ...(parts.secrets && { secrets: parts.secrets }),
    ...(parts.fileState && { fileState: parts.fileState }),
  })

  const serve = (from: Readable, as: Origin): void => {
    for (const type of xdsTypes)
      for (const one of [readable, from]) for (const name of one.names(type)) pending[type].add(name)
    readable = from
    origin = as
    resolveServed(as)
    frames.next()
  }

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
    return (
      resource !== undefined && isSecretReference(resource) && parts.secrets?.resource(name) === undefined
    )
  }

  const isAcknowledged = (): boolean => status().state === 'synced' && origin === 'controller'

  let taken = false
  const settled = (): void => {
    const { state } = status()
    taken ||= state === 'synced' || state === 'rejected'
    if (isAcknowledged())
      parts.acknowledged?.(() =>
        isAcknowledged() ? knownGoodOf(mesh, node, readable, servedLog) : undefined,
      )
    telling.note()
    parts.changed?.()
  }

  const telling = createTelling({
    status: () => ({
      node,
      metadata,
      standing: assembly.standing(),
      status: status(),
      position: assembly.position(),
      ...(log === undefined ? {} : { log }),
    }),
    say: (told) => bus?.tell(told),
    unanswered: () => ask(),
    clock,
    random,
    later,
  })

  let listening = false
  let listenOnceMore = false
  let heardView = ''
  /** Listens to what is read now. What came while nobody listened is asked for. */
  const hear = (): void => {
    if (bus === undefined || stopped) return
    listenOnceMore = listening
    if (listening) return
    listening = true
    heardView = assembly.view()
    bus
      .hear(heardView, assembly.endpointTopics().values())
      .catch(() => true)
      .then((isMore) => {
        listening = false
        if (listenOnceMore) hear()
        if (isMore) ask()
      })
  }

  const question = async (): Promise<Outcome> => {
    if (stopped || bus === undefined) return 'done'
    const standing = atLeast(assembly.standing())
    return takeAnswer(await bus.sync({ node, metadata, standing, ...(log === undefined ? {} : { log }) }))
  }
  const { ask, counters: asked } = createAsking(question, timers, random)

  /** Whoever has not come as far as what the Envoy acknowledged would lead it back. */
  const atLeast = (standing: Standing): Standing => {
    if (origin === 'controller' || knownGood?.log !== log) return standing
    const position = Math.max(standing.own.position, knownGood?.position ?? -1)
    return { ...standing, own: { ...standing.own, position } }
  }

  const takeAnswer = (answer: SyncAnswer): Outcome => {
    if (stopped) return 'done'
    if (answer.type !== 'missing') {
      counted.behind += 1
      return 'again'
    }
    if (log !== answer.log) {
      // Another log counts anew: what is held of the one before is served until all of this one is there.
      const isOther = log !== undefined
      log = answer.log
      if (isOther) {
        assembly = createAssembly()
        return 'again'
      }
    }
    const changed = nothingChanged()
    for (const frame of answer.frames) assembly.take(frame, changed)
    const outcome = assembly.compare(answer.standing)
    note(changed)
    if (outcome === 'other') return 'again'
    servedLog = log
    if (readable !== assembly) serve(assembly, 'controller')
    else frames.next()
    return 'done'
  }

  const note = (changed: Changed): void => {
    for (const type of xdsTypes) for (const name of changed[type]) pending[type].add(name)
    if (changed.clusters.size > 0 || assembly.view() !== heardView) hear()
  }

  const attach = (given: AgentBus): void => {
    bus = given
    bus.listen({
      frame: (frame) => {
        const changed = nothingChanged()
        const taken = assembly.take(frame, changed)
        if (taken === 'gap') {
          counted.gaps += 1
          note(changed)
          ask()
        } else if (taken === 'applied') {
          note(changed)
          if (origin === 'controller') frames.next()
        }
      },
      asked: telling.soon,
      compared: (verdict) => {
        telling.answered()
        if (verdict === 'missing') ask()
      },
      reconnected: () => {
        telling.soon()
        ask()
      },
    })
    ask()
    telling.beat()
  }

  if (knownGood !== undefined)
    later(parts.patienceMs ?? 1_000, () => {
      if (origin === 'nothing') serve(servedFrom(knownGood), 'knownGood')
    })

  return {
    attach,
    accept: sessions.accept,
    secretsChanged: sessions.secretsChanged,
    origin: () => origin,
    served,
    status,
    hasTaken: () => taken,
    lackingSecrets: () => [...readable.names('secrets')].filter((name) => isLacking(name)).sort(byCodeUnit),
    counters: () => ({ position: readable.position(), ...counted, ...asked(), ...sessions.counters() }),
    stop: () => {
      stopped = true
      timers.stop()
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
