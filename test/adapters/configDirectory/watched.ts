import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { Passed } from '../../../src/adapters/configDirectory/pass.ts'
import { type ConfigDirectoryOptions, configDirectory } from '../../../src/adapters/configDirectory.ts'
import { allStoredIn } from '../../../src/model/storedIn.ts'
import type { Controller } from '../../../src/ports.ts'

/** A directory of its own, gone after the test. */
export const temporaryDirectory = async (): Promise<string> => {
  const directory = await mkdtemp(join(tmpdir(), 'rutter-config-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

export type Watched = {
  /** Resolves once a look has left things as `holds` says. */
  until(holds: (passed: Passed) => boolean): Promise<Passed>
  close(): Promise<void>
}

/** Watches `directory`; ends with the test. */
export const watched = async (
  controller: Controller,
  directory: string,
  options: Partial<ConfigDirectoryOptions> = {},
): Promise<Watched> => {
  let last: Passed | undefined
  let waiting: (() => void)[] = []
  const onPass = (passed: Passed) => {
    last = passed
    for (const go of waiting.splice(0)) go()
  }
  const watching = await configDirectory(controller, directory, {
    allowEmpty: false,
    source: 'files/conf',
    ...options,
    onPass,
  })
  let isClosed = false
  const close = async () => {
    if (!isClosed) await watching.close()
    isClosed = true
  }
  onTestFinished(close)
  return {
    until: async (holds) => {
      while (last === undefined || !holds(last))
        await new Promise<void>((resolve) => (waiting = [...waiting, resolve]))
      return last
    },
    close,
  }
}

/** Names and sources of all services in the mesh. */
export const services = (controller: Controller): string[] =>
  allStoredIn(controller.snapshot().mesh, 'Service').map(
    ({ resource, source }) => `${resource.metadata.name} from ${source}`,
  )

/** The port of a service. */
export const portOf = (controller: Controller, name: string): number | undefined => {
  const found = allStoredIn(controller.snapshot().mesh, 'Service').find(
    ({ resource }) => resource.metadata.name === name,
  )
  return found?.resource.kind === 'Service' ? found.resource.spec.ports[0]?.port : undefined
}
