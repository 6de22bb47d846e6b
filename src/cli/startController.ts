import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { isLeft, left, right } from 'fp-ts/lib/Either.js'
import { Registry } from 'prom-client'
import { type ConfigDirectory, configDirectory } from '../adapters/configDirectory.ts'
import { type HttpServer, httpServer } from '../adapters/http/httpServer.ts'
import { type XdsTls, xdsCredentials } from '../adapters/xds/xdsCredentials.ts'
import { type XdsServer, xdsServer } from '../adapters/xds/xdsServer.ts'
import { parseNodeId } from '../codecs/nodeId.ts'
import { parseProxyMetadata } from '../codecs/proxyMetadata.ts'
import { subjectToken } from '../model/subjectToken.ts'
import type { Clock, Controller } from '../ports.ts'
import { createMeshHasher } from '../projections/meshHash.ts'
import { createCheckpointing } from '../streams/checkpointing.ts'
import { runController } from '../streams/controller.ts'
import type { Identify } from '../streams/sessions.ts'
import { exportCounters } from './exportCounters.ts'
import {
  busMetrics,
  checkpointMetrics,
  controllerMetrics,
  fleetMetrics,
  natsLogMetrics,
  publishingMetrics,
  xdsMetrics,
} from './metrics.ts'
import { newFindings } from './newFindings.ts'
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
  readonly xdsTls?: XdsTls
  readonly version: string
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
    const bus = opened.bus?.(subjectToken(`${hostname()}-${process.pid}`))
    if (bus !== undefined) toClose.push(() => bus.close())
    const running = runController({
      log,
      start: start.snapshot,
      identify,
      clock,
      lost: options.lost,
      folded: checkpointing.folded,
      ...(bus === undefined ? {} : { bus }),
    })
    toClose.push(() => running.stop())
    const metrics = new Registry()
    exportCounters(metrics, controllerMetrics, running.counters)
    exportCounters(metrics, fleetMetrics, () => ({ rejections: rejectionsOf(running.controller) }))
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
    const http = await httpServer(running.controller, { ...options.http, metrics, version, log: notice })
    toClose.push(() => http.close())
    if (options.config !== undefined) {
      const tellNew = newFindings(options.config, notice)
      const directory: ConfigDirectory = await configDirectory(running.controller, options.config, {
        allowEmpty: options.allowEmpty === true,
        onPass: ({ diagnostics }) => tellNew(diagnostics),
      })
      toClose.push(() => directory.close())
    }
    return { controller: running.controller, http, xds, close }
  } catch (error) {
    await close()
    throw error
  }
}

const rejectionsOf = (controller: Controller): number =>
  controller.proxies().proxies.reduce((sum, { rejections }) => sum + rejections.length, 0)

const clock: Clock = { nowMs: () => Date.now(), newId: () => randomUUID() }

const identify: Identify = (node) => {
  const identity = parseNodeId(node.id)
  if (isLeft(identity)) return left(identity.left)
  return right({ identity: identity.right, metadata: parseProxyMetadata(node.metadata).metadata })
}
