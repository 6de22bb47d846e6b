import { realpath, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { Registry } from 'prom-client'
import { readKnownGood } from '../adapters/envoy/knownGoodFile.ts'
import { type KnownGoodKeeper, knownGoodKeeper } from '../adapters/envoy/knownGoodKeeper.ts'
import { lockState } from '../adapters/envoy/lockState.ts'
import { type SupervisedEnvoy, superviseEnvoy } from '../adapters/envoy/superviseEnvoy.ts'
import { agentServer } from '../adapters/http/agentServer.ts'
import { makeDirectories } from '../adapters/makeDirectories.ts'
import type { NatsProfile } from '../adapters/nats/natsProfile.ts'
import { followedCertificates } from '../adapters/secrets/followedCertificates.ts'
import { secretFiles } from '../adapters/secrets/secretFiles.ts'
import { xdsServer } from '../adapters/xds/xdsServer.ts'
import { type BootstrapOptions, bootstrap, type HostPort } from '../agent/bootstrap.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { type RunningAgent, runAgent } from '../streams/agent.ts'
import { aborted } from './agent/aborted.ts'
import { connectAgent } from './agent/connectAgent.ts'
import { readiness } from './agent/readiness.ts'
import { socketPath } from './agent/socketPath.ts'
import { createStanding } from './agent/standing.ts'
import { agentMetrics, keeperMetrics, supervisionMetrics } from './agentMetrics.ts'
import { exportCounters } from './exportCounters.ts'
import { certificateMetrics, secretMetrics } from './metrics.ts'

/** What `rutter agent` is told. */
export type AgentOptions = {
  readonly mesh: string
  readonly identity: ProxyIdentity
  readonly metadata: ProxyMetadata
  readonly profile: NatsProfile
  /** Holds all that must outlive the agent: what its Envoy acknowledged, and its Envoy. Made when absent. */
  readonly state: string
  /** Path of Envoy; undefined: somebody else supervises it. */
  readonly envoy: string | undefined
  readonly admin?: BootstrapOptions['admin']
  readonly http?: HostPort
  /** How long an Envoy finishes what it has under way after a hot restart; whole seconds, in ms. */
  readonly parentShutdownMs?: number
  /** A directory of certificates for the listeners of its Envoy. */
  readonly secrets?: string
  /** Told what an operator should know. */
  readonly notice: (message: string) => void
}

/** An agent, and the Envoy beside it. */
export type StartedAgent = {
  readonly running: RunningAgent
  /** Where its health and figures are; undefined where it was not asked for. */
  readonly url: string | undefined
  /** How things stand, in a sentence. */
  standing(): string
  /** Starts Envoy anew beside itself, with the binary as it is now: a hot restart. */
  restartEnvoy(): Promise<void>
  /** Drains and ends Envoy, and all else. */
  stop(): Promise<void>
  /** Ends all but Envoy, which the next agent of this state adopts. */
  release(): Promise<void>
}

/** What Envoy acknowledges is on disk within so long, and a moment after. */
const mostRestMs = 1_000

/** Starts an agent: what it serves, its Envoy, its connection to NATS, which may come later. Rejects with a `StateInUse`
 *  while another agent has the state, and when a directory, the binary or an address cannot be had; then nothing that it
 *  started is left running. */
export const startAgent = async (options: AgentOptions, stopped: AbortSignal): Promise<StartedAgent> => {
  const { mesh, identity, metadata, notice } = options
  const { node } = identity
  const toClose: (() => Promise<unknown> | unknown)[] = []
  const closeAll = async (): Promise<void> => {
    for (const one of toClose.splice(0).reverse()) await one()
  }
  let supervised: SupervisedEnvoy | undefined
  try {
    await makeDirectories(options.state, 0o700)
    const state = await realpath(options.state)
    toClose.push(await lockState(state))
    const file = join(state, 'known-good')
    const found = await readKnownGood(file, mesh, node)
    if (isLeft(found) && found.left._tag !== 'KnownGoodAbsent')
      notice(`what was acknowledged before is of no use: ${file}: ${found.left._tag}`)
    const keeper = knownGoodKeeper(file, mostRestMs, (error) =>
      notice(`cannot write ${file}: ${error.message}`),
    )
    toClose.push(() => keeper.close())

    const standing = createStanding(notice)
    let secretsChanged: (names: readonly string[]) => void = () => {}
    const secrets =
      options.secrets === undefined
        ? undefined
        : await secretFiles(options.secrets, {
            changed: (names) => {
              secretsChanged(names)
              standing.look()
            },
            notice,
            nowMs: () => Date.now(),
          })
    if (secrets !== undefined) toClose.push(() => secrets.close())
    const certificates = followedCertificates({
      changed: (names) => secretsChanged(names),
      notice,
      monotonicMs: () => performance.now(),
    })
    toClose.push(() => certificates.close())
    const running = runAgent({
      mesh,
      identity,
      metadata,
      clock: { monotonicMs: () => performance.now() },
      random: Math.random,
      ...(isRight(found) ? { knownGood: found.right } : {}),
      acknowledged: (known) => keeper.keep(known),
      changed: () => standing.look(),
      ...(secrets && { secrets }),
      fileState: certificates.state,
    })
    secretsChanged = running.secretsChanged
    toClose.push(() => running.stop())
    const metrics = new Registry()
    exportAgent(metrics, running, keeper)
    if (secrets !== undefined) exportCounters(metrics, secretMetrics, () => secrets.counters)
    exportCounters(metrics, certificateMetrics, () => certificates.counters)

    const leaving = new AbortController()
    const connecting = connectAgent(running, { ...options, node, metrics }, leaving.signal)
    toClose.push(async () => {
      leaving.abort()
      await connecting
    })
    const ready = () => readiness(running, supervised)
    const http =
      options.http === undefined ? undefined : await agentServer({ ...options.http, metrics, ready })
    if (http !== undefined) toClose.push(() => http.close())

    standing.of(() => ready().standing)
    const socket = socketPath(state, 'xds.sock')
    const made = bootstrap({
      node,
      metadata,
      xds: { path: socket },
      admin: options.admin ?? { path: socketPath(state, 'admin.sock') },
    })
    const serving = async (): Promise<void> => {
      await Promise.race([running.served, aborted(AbortSignal.any([stopped, leaving.signal]))])
      if (leaving.signal.aborted) return
      const xds = await xdsServer({ listen: { path: socket }, onStream: running.accept })
      toClose.push(() => xds.close())
    }
    const supervising = async (envoy: string): Promise<void> => {
      supervised = await superviseEnvoy({
        directory: join(state, 'envoy'),
        launch: { envoy, bootstrap: made },
        ...(options.parentShutdownMs && { limits: { parentShutdownMs: options.parentShutdownMs } }),
        onStatus: () => standing.look(),
      })
      const { status, skippedLogBytes } = supervised
      exportCounters(metrics, supervisionMetrics, () => ({
        ...status().counters,
        live: status().state === 'running' || status().state === 'handingOver' ? 1 : 0,
        skippedLogBytes: skippedLogBytes(),
      }))
    }
    if (options.envoy === undefined) {
      await writeFile(join(state, 'envoy.json'), `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 })
      notice(`Envoy is to be started with -c ${join(state, 'envoy.json')}`)
      await serving()
    } else {
      // Envoy takes a while before it asks; meanwhile a controller answers.
      const both = [serving(), supervising(options.envoy)]
      for (const one of both) one.catch(() => leaving.abort())
      const failed = (await Promise.allSettled(both)).find((one) => one.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    }
    standing.look()
    return {
      running,
      url: http?.url,
      standing: () => ready().standing,
      restartEnvoy: async () => {
        if (supervised === undefined || options.envoy === undefined) return
        await supervised.want({ envoy: options.envoy, bootstrap: made })
        supervised.restart()
      },
      stop: async () => {
        await supervised?.stop()
        await closeAll()
      },
      release: async () => {
        await supervised?.release()
        await closeAll()
      },
    }
  } catch (error) {
    // One that was adopted serves, and may go on without this agent.
    const adopted = supervised?.status().counters.starts === 0
    await (adopted ? supervised?.release() : supervised?.stop())
    await closeAll()
    throw error
  }
}

const exportAgent = (metrics: Registry, running: RunningAgent, keeper: KnownGoodKeeper): void => {
  exportCounters(metrics, agentMetrics, () => ({
    ...running.counters(),
    fromController: running.origin() === 'controller' ? 1 : 0,
    rejections: running.status().rejections.length,
  }))
  exportCounters(metrics, keeperMetrics, keeper.counters)
}
