import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import { Registry } from 'prom-client'
import { isLoopback } from '../adapters/http/hostGuard.ts'
import { type HttpServer, httpServer } from '../adapters/http/httpServer.ts'
import { knownTokens } from '../adapters/http/knownTokens.ts'
import { type CertificateFiles, readCertificates } from '../adapters/readCertificates.ts'
import { certificateFiles } from '../adapters/secrets/certificateFiles.ts'
import { followedCertificates } from '../adapters/secrets/followedCertificates.ts'
import { secretFiles } from '../adapters/secrets/secretFiles.ts'
import { xdsCredentials } from '../adapters/xds/xdsCredentials.ts'
import { type XdsServer, xdsServer } from '../adapters/xds/xdsServer.ts'
import { parseNodeId } from '../codecs/nodeId.ts'
import { parseProxyMetadata } from '../codecs/proxyMetadata.ts'
import type { SecretCheck } from '../model/secret.ts'
import { subjectToken } from '../model/subjectToken.ts'
import type { Clock, Controller } from '../ports.ts'
import { createMeshHasher } from '../projections/meshHash.ts'
import { createCheckpointing } from '../streams/checkpointing.ts'
import { runController } from '../streams/controller.ts'
import type { Identify } from '../streams/sessions.ts'
import { exportCounters } from './exportCounters.ts'
import { type FollowedDirectory, followDirectory } from './followDirectory.ts'
import {
  busMetrics,
  certificateMetrics,
  checkpointMetrics,
  controllerMetrics,
  fleetMetrics,
  natsLogMetrics,
  publishingMetrics,
  registryMetrics,
  secretMetrics,
  xdsMetrics,
} from './metrics.ts'
import { type LogPlace, openLog } from './openLog.ts'

/** What `rutter serve` is told. */
export type ControllerOptions = {
  readonly log: LogPlace
  /** A watched configuration directory. */
  readonly config?: string
  readonly allowEmpty?: boolean
  readonly http: { readonly host: string; readonly port: number }
  readonly xds: { readonly host: string; readonly port: number }
  /** xDS over TLS; plaintext without. */
  readonly xdsTls?: CertificateFiles
  /** A proxy is served only as whom its certificate names. */
  readonly xdsBound?: boolean
  /** A directory of certificates for ingress; they go to proxies on this machine, or over TLS to those that show a
   *  certificate of theirs, and to no other. */
  readonly secrets?: string
  /** A file of tokens, without which everybody may ask. */
  readonly httpTokens?: string
  /** HTTP over TLS; plain without. */
  readonly httpTls?: CertificateFiles
  readonly version: string
  /** Who this is among the controllers of a mesh: one token (default: host and process). */
  readonly id?: string
  /** Told what an operator should know. */
  readonly notice: (message: string) => void
  /** Told when the controller can no longer go on. */
  readonly lost: (reason: Error) => void
}

/** A controller with its doors open. */
export type StartedController = {
  readonly controller: Controller
  readonly http: HttpServer
  readonly xds: XdsServer
  /** Shuts what was opened last first: no new requests, streams ended, a checkpoint, the log given up. */
  close(): Promise<void>
}

/** Opens the log, folds it, and opens the doors. Rejects with `LogInUse`, `LogDamaged` or `NatsRefused`, or when an address cannot
 *  be bound; then nothing is left open. */
export const startController = async (options: ControllerOptions): Promise<StartedController> => {
  const { notice, version } = options
  const toClose: (() => Promise<unknown> | unknown)[] = []
  const close = async (): Promise<void> => {
    for (const one of toClose.splice(0).reverse()) await one()
  }
  try {
    const opened = await openLog(options.log, notice)
    const { log, start, checkpointed, checkpoints, counters } = opened
    toClose.push(() => log.close())
    const hashOf = createMeshHasher()
    const checkpointing = createCheckpointing({
      checkpoints,
      clock,
      written: checkpointed,
      hashOf: ({ mesh }) => hashOf(mesh),
      notice,
    })
    toClose.push(() => checkpointing.finish())
    checkpointing.folded(start.snapshot, start.logHash)
    const id = options.id ?? subjectToken(`${hostname()}-${process.pid}`)
    const bus = opened.bus?.(id)
    if (bus !== undefined) toClose.push(() => bus.close())
    let secretsChanged: (names: readonly string[]) => void = () => {}
    const secrets =
      options.secrets === undefined
        ? undefined
        : await secretFiles(options.secrets, {
            changed: (names) => secretsChanged(names),
            notice,
            nowMs: clock.nowMs,
          })
    if (secrets !== undefined) toClose.push(() => secrets.close())
    const certificates = followedCertificates({
      changed: (names) => secretsChanged(names),
      notice,
      monotonicMs: clock.monotonicMs,
    })
    toClose.push(() => certificates.close())
    const isPrivate = isLoopback(options.xds.host) || options.xdsTls?.ca !== undefined
    if (secrets !== undefined && !isPrivate)
      notice('secrets are not served: beyond this machine that takes --xds-cert, --xds-key and --xds-ca')
    const running = runController({
      log,
      start: start.snapshot,
      identify,
      clock,
      lost: options.lost,
      folded: checkpointing.folded,
      bound: options.xdsBound === true,
      ...(bus === undefined ? {} : { bus }),
      secrets: {
        resource: (name) => (isPrivate ? secrets?.resource(name) : undefined),
        problem: secrets?.problem ?? noDirectory,
      },
      fileProblem: certificateFiles(clock.nowMs),
      fileState: certificates.state,
    })
    secretsChanged = running.secretsChanged
    const { controller } = running
    toClose.push(() => running.stop())
    const metrics = new Registry()
    exportCounters(metrics, controllerMetrics, running.counters)
    if (secrets !== undefined) exportCounters(metrics, secretMetrics, () => secrets.counters)
    exportCounters(metrics, certificateMetrics, () => certificates.counters)
    exportCounters(metrics, fleetMetrics, () => ({ rejections: running.rejected() }))
    exportCounters(metrics, checkpointMetrics, checkpointing.counters)
    if (counters !== undefined) exportCounters(metrics, natsLogMetrics, counters)
    if (bus !== undefined) exportCounters(metrics, busMetrics, bus.counters)
    if (running.publishing !== undefined)
      exportCounters(metrics, publishingMetrics, running.publishing.counters)

    const xds = await xdsServer({
      listen: options.xds,
      onStream: running.accept,
      ...(options.xdsTls === undefined ? {} : { credentials: await xdsCredentials(options.xdsTls) }),
    })
    toClose.push(() => xds.close())
    exportCounters(metrics, xdsMetrics, () => xds.counters)
    const { httpTokens, httpTls } = options
    let followed: FollowedDirectory | undefined
    const http = await httpServer(controller, {
      ...options.http,
      checks: () =>
        followed === undefined ? [] : [{ name: 'registry', ok: true, detail: followed.standing() }],
      metrics,
      version,
      log: notice,
      ...(httpTokens === undefined ? {} : { tokens: knownTokens(httpTokens, notice) }),
      ...(httpTls === undefined ? {} : { tls: await readCertificates(httpTls) }),
    })
    toClose.push(() => http.close())
    if (options.config !== undefined) {
      const { lease } = opened
      const following = await followDirectory(controller, {
        directory: options.config,
        allowEmpty: options.allowEmpty === true,
        notice,
        ...(lease && { elect: (asked) => lease({ ...asked, id }) }),
      })
      followed = following
      toClose.push(() => following.close())
      exportCounters(metrics, registryMetrics, following.counters)
    }
    return { controller, http, xds, close }
  } catch (error) {
    await close()
    throw error
  }
}

const noDirectory: SecretCheck = () => ({
  kind: 'unseen',
  message: 'this controller was started without --secrets',
})

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  newId: () => randomUUID(),
}

const identify: Identify = (node) => {
  const identity = parseNodeId(node.id)
  if (isLeft(identity)) return left(identity.left)
  return right({ identity: identity.right, metadata: parseProxyMetadata(node.metadata).metadata })
}
