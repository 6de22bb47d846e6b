import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import { type StartedController, startController } from '../../src/cli/startController.ts'
import { type Ran, type RunOptions, runCli } from './runCli.ts'

export type OnServer = {
  /** Runs a command line against the controller. */
  rutter(args: readonly string[], options?: RunOptions): Promise<Ran>
  /** Writes a file below a directory of the test; its path. */
  file(name: string, text: string | Uint8Array): Promise<string>
  path(name: string): string
  controller(): StartedController
}

/** A controller on a log of its own for each test, and a directory for its files. */
export const onServer = (): OnServer => {
  let directory = ''
  let started: StartedController | undefined
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-cli-'))
    started = await startController({
      log: join(directory, 'log'),
      http: { host: '127.0.0.1', port: 0 },
      xds: { host: '127.0.0.1', port: 0 },
      version: 'test',
      notice: () => {},
      lost: () => {},
    })
  })
  afterEach(async () => {
    await started?.close()
    await rm(directory, { recursive: true, force: true })
  })
  const controller = (): StartedController => {
    if (started === undefined) throw new Error('no test is running')
    return started
  }
  return {
    controller,
    rutter: (args, options = {}) =>
      // Of two, the last counts.
      runCli([args[0] ?? '', '--server', controller().http.url, ...args.slice(1)], options),
    path: (name) => join(directory, name),
    file: async (name, text) => {
      const path = join(directory, name)
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
      return path
    },
  }
}
