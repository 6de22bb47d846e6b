import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { parse } from 'yaml'
import { type EnvoyProcess, startEnvoyProcess } from '../../src/adapters/envoy/envoyProcess.ts'

export type StartEnvoyOptions = {
  /** Path of the binary, from `envoyOrSkip`. */
  readonly envoy: string
  /** A bootstrap, as text (YAML or JSON) or as an object. Its admin is moved to a socket of the harness. */
  readonly bootstrap: string | object
  readonly args?: readonly string[]
  /** What to wait for (default `live`): `started` is enough for an Envoy whose xDS server does not answer. */
  readonly until?: 'live' | 'started'
}

export type TestEnvoy = EnvoyProcess & {
  /** `/config_dump`, parsed; `query` such as `?include_eds`. */
  configDump(query?: string): Promise<{ readonly configs: readonly Record<string, unknown>[] }>
  /** Its counters and gauges whose names match `filter` (a regex). */
  stats(filter?: string): Promise<ReadonlyMap<string, number>>
  /** All that it wrote to stdout and stderr. */
  output(): string
}

const startLimitMs = 20_000

/** A real Envoy that is live; `stop()` ends it and removes its files. Rejects with what it wrote when it ends or does
 *  not come up in 20 s. */
export const startEnvoy = async (options: StartEnvoyOptions): Promise<TestEnvoy> => {
  const directory = await mkdtemp(join(tmpdir(), 'rutter-envoy-'))
  const adminSocket = join(directory, 'admin.sock')
  const given = typeof options.bootstrap === 'string' ? parse(options.bootstrap) : options.bootstrap
  const bootstrap = { ...given, admin: { address: { pipe: { path: adminSocket } } } }
  let output = ''
  const process = await startEnvoyProcess({
    envoy: options.envoy,
    bootstrap: JSON.stringify(bootstrap),
    adminSocket,
    directory,
    ...(options.args === undefined ? {} : { args: options.args }),
    onOutput: (text) => {
      output += text
    },
  })
  const stop = async (graceMs?: number) => {
    await process.stop(graceMs)
    await rm(directory, { recursive: true, force: true })
  }
  try {
    await waitUntil(process, options.until ?? 'live')
  } catch (error) {
    await stop(0)
    throw new Error(`Envoy did not come up: ${(error as Error).message}\n${output}`)
  }
  return {
    ...process,
    stop,
    output: () => output,
    configDump: async (query = '') => JSON.parse(await process.admin(`/config_dump${query}`)),
    stats: async (filter = '') => {
      const text = await process.admin(`/stats?filter=${encodeURIComponent(filter)}`)
      const pairs = text.split('\n').map((line) => /^(.+): (\d+)$/.exec(line))
      return new Map(
        pairs.flatMap((pair) => (pair === null ? [] : [[pair[1] ?? '', Number(pair[2])] as const])),
      )
    },
  }
}

const waitUntil = async (envoy: EnvoyProcess, until: 'live' | 'started'): Promise<void> => {
  let ended: string | undefined
  envoy.exited.then((how) => {
    ended = how
  })
  const deadlineMs = Date.now() + startLimitMs
  while (Date.now() < deadlineMs) {
    if (ended !== undefined) throw new Error(ended)
    const state = await envoy.state()
    if (state === 'LIVE' || (state !== undefined && until === 'started')) return
    await after(10)
  }
  throw new Error(`not ${until} in ${startLimitMs} ms`)
}
