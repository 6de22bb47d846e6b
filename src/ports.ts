import type { Either } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from './model/diagnostic.ts'
import type { Entry, Position } from './model/entry.ts'
import type { Envelope } from './model/event.ts'
import type { FleetAnswer, FleetQuestion, ProxyStatus, Waited } from './model/fleet.ts'
import type { AgentStatus, Frame, SyncAnswer, SyncRequest, Topic, Verdict } from './model/frame.ts'
import type { Mesh, Snapshot } from './model/mesh.ts'
import type { ProxyIdentity, ProxyMetadata } from './model/proxy.ts'
import type { ResourceName } from './model/resource.ts'
import type { Rejection, WriteRequest, Written } from './model/write.ts'
import type { XdsType } from './model/xds.ts'
import type { XdsRequest, XdsResponse } from './model/xdsMessage.ts'

/** Where an append did not fit: the log has moved on, or cannot take an entry so large. */
export type AppendRefused =
  | { readonly _tag: 'Conflict'; readonly end: Position }
  | { readonly _tag: 'TooLarge'; readonly limitBytes: number }

/** The log: one total order of entries, the only truth. */
export type EventLog = {
  /** Appends all of `events` as the entry after `expected`, or nothing. Resolves once it is durable.
   *  Rejects when the log cannot be reached or written; then nothing was acknowledged. */
  append(events: readonly Envelope[], expected: Position): Promise<Either<AppendRefused, Entry>>
  /** The largest entry that is taken now, in bytes of its events' canonical JSON. */
  limitBytes(): number
  /** Entries after `after`, oldest first, in batches of what is at hand, then new ones as they come.
   *  Ends when `signal` aborts or the log closes; throws a `LogDamaged` where an entry cannot be believed. */
  tail(after: Position, signal: AbortSignal): AsyncIterable<readonly Entry[]>
  /** Position and hash of the last durable entry. */
  end(): Promise<{ readonly position: Position; readonly hash: string }>
  /** Lets appends that are under way finish, ends every tail, gives up the lock. */
  close(): Promise<void>
}

/** A snapshot on disk: makes starting fast, is never truth. */
export type Checkpoint = {
  readonly position: Position
  /** `at` of the last event folded. */
  readonly at: string
  /** Hash of the log's entry at `position`. */
  readonly logHash: string
  /** Hash of the mesh (`GET /api/v1/snapshot`). */
  readonly meshHash: string
  readonly mesh: Mesh
}

export type Checkpoints = {
  /** The newest that can be read whole and has this version of the mesh's shape; others are passed over. */
  newest(): Promise<Checkpoint | undefined>
  /** Resolves once it is durable. Encodes in slices, between which other work has its turn. Keeps the newest two. */
  write(checkpoint: Checkpoint): Promise<void>
}

/** Time and chance, for the rooms that may not reach for them. */
export type Clock = {
  /** Since the epoch, for people: it may be set, forward and back. */
  nowMs(): number
  /** Since some moment, for durations: it never goes back and never jumps. */
  monotonicMs(): number
  /** An id that no other event has (UUID). */
  newId(): string
}

/** A controller's side of the bus between controllers and agents. */
export type ControllerBus = {
  /** Sends a frame to all who listen to its topic. While there is no connection it is dropped and counted: agents
   *  notice what they miss. */
  publish(frame: Frame): void
  /** Who of the controllers shares the work, this one included, sorted. */
  peers(): readonly string[]
  readonly id: string
  /** Tells the log of the mesh from another one that was begun anew. */
  readonly log: string
  /** Says whether this controller is ready to share the work. */
  announce(ready: boolean): void
  /** Has every agent say how its Envoy does. */
  ask(): void
  /** What the other controllers answer about proxies that they know, each as soon as it does. Resolves when all have
   *  answered or are gone, or `signal` aborts. */
  askPeers(question: FleetQuestion, signal: AbortSignal, take: (answer: FleetAnswer) => void): Promise<void>
  listen(listener: ControllerBusListener): void
}

export type ControllerBusListener = {
  /** What an agent is to be told of its status; undefined when another controller answers, or none can now. Of one that
   *  says again what it said last, it is given the same object. */
  readonly status: (status: AgentStatus) => Verdict | undefined
  /** Each request is given to one controller. */
  readonly sync: (request: SyncRequest) => Promise<SyncAnswer>
  /** Another controller asks about proxies. */
  readonly fleet: (question: FleetQuestion) => Promise<FleetAnswer>
  /** Who shares the work is no longer the same. */
  readonly peers: () => void
}

/** An agent's side of the bus. */
export type AgentBus = {
  /** Which topics are to be heard beside the proxy's own. Resolves when nothing on them can be missed any more; true
   *  where there are some among them that were not heard before. */
  hear(view: Topic, endpoints: Iterable<Topic>): Promise<boolean>
  /** Asks a controller. Rejects when none answers in time. */
  sync(request: SyncRequest): Promise<SyncAnswer>
  tell(status: AgentStatus): void
  listen(listener: AgentBusListener): void
}

export type AgentBusListener = {
  readonly frame: (frame: Frame) => void
  /** A controller wants to know how this Envoy does. */
  readonly asked: () => void
  /** A controller has compared what was told last, or a moment before, with what is intended. */
  readonly compared: (verdict: Verdict) => void
  /** The connection was lost and is back. */
  readonly reconnected: () => void
}

/** One discovery stream of one Envoy, or of another xDS client. */
export type XdsStream = {
  /** Unique within the process. */
  readonly id: string
  /** `ads`, or the type of a single-type service. */
  readonly service: 'ads' | XdsType
  readonly protocol: 'sotw' | 'delta'
  readonly peer: string
  /** What the certificate names that the client showed; absent where it showed none. */
  readonly names?: readonly string[]
  /** Names the one listener, to be given before the stream was handed over returns: each request as it comes, then
   *  once that the client half-closed, cancelled, was lost or refused. */
  listen(listener: { request(request: XdsRequest): void; ended(): void }): void
  /** False: the client does not keep up; what was given is queued all the same, up to the bound that ends the stream. */
  send(response: XdsResponse): boolean
  /** Ends the stream; with a gRPC status other than OK where `refusal` is given. */
  end(refusal?: { readonly code: number; readonly message: string }): void
}

/** Why a past state cannot be shown. */
export type AtRefused =
  | { readonly _tag: 'Unreadable'; readonly message: string }
  | { readonly _tag: 'BeyondEnd'; readonly end: Position }
  | { readonly _tag: 'BeforeHorizon'; readonly horizon: Position }

/** A resource as a proxy should have it, in Envoy's canonical JSON with snake_case names. */
export type ShownResource = Readonly<Record<string, unknown>>

/** What the outer edge (HTTP, watched directory) may ask of a controller. */
export type Controller = {
  /** Folded up to here. */
  snapshot(): Snapshot
  /** The mesh hash of `snapshot`, memoized. */
  hashOf(snapshot: Snapshot): string
  /** The snapshot at a position (`17`) or at the last entry at or before a time (RFC 3339). */
  snapshotAt(at: string): Promise<Either<AtRefused, Snapshot>>
  /** Admits and appends. Resolves once this controller has folded what was appended. */
  write(request: WriteRequest): Promise<Either<Rejection, Written>>
  /** All proxies, those that are connected to other controllers of the mesh included. */
  proxies(): Promise<{ readonly position: Position; readonly proxies: readonly ProxyStatus[] }>
  /** How the fleet stands to `position`, as soon as no proxy is pending any more, one has refused, `timeoutMs` have
   *  passed or `signal` aborts, whichever is first. A position that is not there yet is waited for. */
  waitFor(position: Position, timeoutMs: number, signal: AbortSignal): Promise<Waited>
  /** The intended configuration of any proxy, connected or not, by the mesh of `snapshot`. `metadata` is what the proxy
   *  says of itself; by default what it reported last. */
  intended(
    proxy: ProxyIdentity,
    type: XdsType,
    snapshot: Snapshot,
    metadata?: ProxyMetadata,
  ): readonly ShownResource[]
  /** The versions of the same resources, by name: what is sent as xDS `version`. */
  versions(proxy: ProxyIdentity, type: XdsType, snapshot: Snapshot): Readonly<Record<string, string>>
  /** All diagnostics that hold at `snapshot`, sorted by resource; resources without any are left out. */
  diagnostics(
    snapshot: Snapshot,
  ): readonly { readonly name: ResourceName; readonly diagnostics: readonly Diagnostic[] }[]
  /** Entries from `from` on (included), then as they come. */
  entries(from: Position, signal: AbortSignal): AsyncIterable<readonly Entry[]>
  /** True once the log is folded up to its end as of start. */
  ready(): boolean
  /** A finding of an adapter (a frozen directory, an unreadable file), shown until it is withdrawn with `undefined`. */
  report(source: string, diagnostics: readonly Diagnostic[] | undefined): void
  /** Findings of adapters that hold now, by source. */
  reports(): ReadonlyMap<string, readonly Diagnostic[]>
}
