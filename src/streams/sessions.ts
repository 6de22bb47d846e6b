import { type Either, isLeft } from 'fp-ts/lib/Either.js'
import { createDelivery, type Delivery } from '../delivery/delivery.ts'
import type { Effect } from '../delivery/effect.ts'
import type { DeliveryLimits } from '../delivery/limits.ts'
import type { CertificateFileState } from '../model/certificateFile.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import type { Secrets } from '../model/secret.ts'
import { forEachType } from '../model/xds.ts'
import type { XdsRequest } from '../model/xdsMessage.ts'
import type { Clock, XdsStream } from '../ports.ts'
import type { Advance } from '../projections/advance.ts'
import type { ProjectedProxy } from '../projections/projectedProxy.ts'
import type { Projector } from '../projections/projector.ts'
import type { Fleet } from './fleet.ts'
import { withSecrets } from './withSecrets.ts'

/** Reads an Envoy's node message; Left says in a sentence why it cannot be served. */
export type Identify = (
  node: NonNullable<XdsRequest['node']>,
) => Either<string, { readonly identity: ProxyIdentity; readonly metadata: ProxyMetadata }>

/** One stream that said who it is. */
export type Session = {
  readonly stream: XdsStream
  readonly proxy: ProjectedProxy
  readonly delivery: Delivery
}

/** All discovery streams of this controller. */
export type Sessions = {
  accept(stream: XdsStream): void
  /** `advance` is asked for only where there are streams. */
  changed(advance: () => Advance): void
  /** What is in the secrets of these names, or in the files that they name, came, changed or went. */
  secretsChanged(names: readonly string[]): void
  /** Ends every stream, so that proxies look for another controller. */
  close(): void
  counters(): { readonly streams: number; readonly streamsRefused: number; readonly streamsFailed: number }
}

/** gRPC statuses INVALID_ARGUMENT, PERMISSION_DENIED and INTERNAL (grpc.github.io/grpc/core/md_doc_statuscodes.html). */
const invalidArgument = 3
const permissionDenied = 7
const internal = 13

export const createSessions = (parts: {
  readonly projector: Pick<Projector, 'follow' | 'release'>
  readonly fleet: Pick<Fleet, 'joined' | 'left'>
  readonly identify: Identify
  /** Whether a client that shows these names may be the node; absent: whoever comes may be any. */
  readonly mayBe?: (identity: ProxyIdentity, names: readonly string[]) => boolean
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly limits: DeliveryLimits
  /** Brings the projector up to what was folded. */
  readonly project: () => void
  /** Told when the standing of a stream may have changed by what its client, or did not, say. */
  readonly settled?: () => void
  /** Absent: none are served. */
  readonly secrets?: Pick<Secrets, 'resource'>
  /** What is in files that Envoys read themselves, so that they read them again; absent: they see what they see. */
  readonly fileState?: CertificateFileState
}): Sessions => {
  const { projector, fleet, identify, clock, limits, project, settled = () => {} } = parts
  const byProxy = new Map<ProjectedProxy, Set<RunningSession>>()
  const streams = new Set<XdsStream>()
  let refused = 0
  let failed = 0

  // A fault of ours that one proxy's state brings out must not take the others' streams with it.
  const contained = (stream: XdsStream, work: () => void): void => {
    try {
      work()
    } catch (reason) {
      failed += 1
      stream.end({ code: internal, message: `the controller failed: ${(reason as Error).message}` })
    }
  }

  const open = (stream: XdsStream, request: XdsRequest): RunningSession | Refusal => {
    if (request.node === undefined) return wrong('the first request of a stream names its node')
    const known = identify(request.node)
    if (isLeft(known)) return wrong(known.left)
    if (parts.mayBe?.(known.right.identity, stream.names ?? []) === false) {
      const shown = stream.names?.join(', ') || 'nobody'
      const message = `the certificate names ${shown}, which may not be ${known.right.identity.node}`
      return { code: permissionDenied, message }
    }
    const proxy = projector.follow(known.right.identity, known.right.metadata)
    const delivery = createDelivery({
      intended: withSecrets(proxy, parts.secrets, parts.fileState),
      service: stream.service,
      protocol: stream.protocol,
      limits,
    })
    const session = runningSession({ stream, proxy, delivery }, clock, contained, settled)
    const its = byProxy.get(proxy)
    if (its === undefined) byProxy.set(proxy, new Set([session]))
    else its.add(session)
    fleet.joined(session)
    return session
  }

  const shut = (session: RunningSession): void => {
    session.stop()
    const its = byProxy.get(session.proxy)
    its?.delete(session)
    if (its?.size === 0) byProxy.delete(session.proxy)
    fleet.left(session)
    projector.release(session.proxy)
  }

  return {
    accept: (stream) => {
      let session: RunningSession | undefined
      streams.add(stream)
      stream.listen({
        request: (request) => {
          if (asks(request)) project()
          contained(stream, () => {
            if (session === undefined) {
              const opened = open(stream, request)
              if ('code' in opened) {
                refused += 1
                stream.end(opened)
                return
              }
              session = opened
            }
            session.run(session.delivery.request(request, clock.monotonicMs()))
          })
          settled()
        },
        ended: () => {
          streams.delete(stream)
          if (session !== undefined) shut(session)
          session = undefined
          settled()
        },
      })
    },
    changed: (advance) => {
      if (byProxy.size === 0) return
      const nowMs = clock.monotonicMs()
      for (const [proxy, change] of advance())
        for (const session of byProxy.get(proxy) ?? [])
          contained(session.stream, () => session.run(session.delivery.changed(change, nowMs)))
    },
    secretsChanged: (names) => {
      const nowMs = clock.monotonicMs()
      for (const [proxy, its] of byProxy) {
        const secrets = names.filter((name) => proxy.get('secrets', name) !== undefined)
        if (secrets.length === 0) continue
        const change = { ...forEachType((): readonly string[] => []), secrets }
        for (const session of its)
          contained(session.stream, () => session.run(session.delivery.changed(change, nowMs)))
      }
    },
    close: () => {
      for (const stream of streams) stream.end()
    },
    counters: () => ({ streams: streams.size, streamsRefused: refused, streamsFailed: failed }),
  }
}

// Whoever asks after a write was acknowledged is to see it. Plain answers, which come in crowds, see it when it is
// projected anyway.
const asks = ({ nonce, body }: XdsRequest): boolean =>
  nonce === '' || (body.protocol === 'delta' && body.subscribe.length > 0)

/** With which gRPC status, and why, a stream is ended. */
type Refusal = { readonly code: number; readonly message: string }

const wrong = (message: string): Refusal => ({ code: invalidArgument, message })

type RunningSession = Session & { run(effects: readonly Effect[]): void; stop(): void }

/** A session that carries out what its delivery decides, with one timer at most. */
const runningSession = (
  session: Session,
  clock: Pick<Clock, 'monotonicMs'>,
  contained: (stream: XdsStream, work: () => void) => void,
  settled: () => void,
): RunningSession => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const wakeAt = (atMs: number): void => {
    clearTimeout(timer)
    const tick = () => {
      contained(session.stream, () => run(session.delivery.tick(clock.monotonicMs())))
      settled()
    }
    timer = setTimeout(tick, Math.max(0, atMs - clock.monotonicMs()))
  }
  const run = (effects: readonly Effect[]): void => {
    for (const effect of effects) {
      if (effect.type === 'send') session.stream.send(effect.response)
      else if (effect.type === 'wakeAt') wakeAt(effect.atMs)
      else session.stream.end({ code: effect.code, message: effect.message })
    }
  }
  return { ...session, run, stop: () => clearTimeout(timer) }
}
