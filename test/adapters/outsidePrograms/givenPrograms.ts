import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach } from 'vitest'
import type { Environment } from '../../../src/adapters/outsidePrograms/outsideProgram.ts'

/** A directory of each test, in which programs can be put; `env` knows its `bin` as PATH and its `cache`. */
export const givenPrograms = () => {
  let root = ''
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'rutter-programs-'))
  })
  afterEach(() => rm(root, { recursive: true, force: true }))
  const path = (name: string): string => join(root, name)
  return {
    path,
    env: (more: Environment = {}): Environment => ({
      PATH: path('bin'),
      RUTTER_CACHE: path('cache'),
      ...more,
    }),
    /** An executable that prints `says`. */
    program: async (name: string, says: string, exitCode = 0): Promise<string> => {
      await mkdir(dirname(path(name)), { recursive: true })
      await writeFile(path(name), `#!/bin/sh\necho '${says}'\nexit ${exitCode}\n`)
      await chmod(path(name), 0o755)
      return path(name)
    },
  }
}

export const envoySays = (version: string): string =>
  `envoy  version: 0123abcd/${version}/Clean/RELEASE/BoringSSL`
