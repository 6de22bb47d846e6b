import { copyFile, truncate } from 'node:fs/promises'
import { left, right } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { makeFetchDirectory, putInCache } from '../../../src/adapters/outsidePrograms/cachedProgram.ts'
import { envoyProgram } from '../../../src/adapters/outsidePrograms/envoyProgram.ts'
import { natsServerProgram } from '../../../src/adapters/outsidePrograms/natsServerProgram.ts'
import { runCli } from '../../cli/runCli.ts'
import { envoySays, givenPrograms } from './givenPrograms.ts'

describe('finding a program', () => {
  const { env, path, program } = givenPrograms()

  const inCache = async (version: string): Promise<string> => {
    const directory = await makeFetchDirectory('envoy', '1.40.0', env())
    const made = await program('made', envoySays(version))
    await copyFile(made, `${directory}/envoy`)
    return putInCache(`${directory}/envoy`, 'envoy', '1.40.0', env())
  }

  test('O1: the variable wins over PATH, PATH over the cache', async () => {
    const cached = await inCache('1.40.0')
    expect(await envoyProgram.find(env())).toEqual(right({ path: cached, version: '1.40.0', from: 'cache' }))
    const onPath = await program('bin/envoy', envoySays('1.39.1'))
    expect(await envoyProgram.find(env())).toEqual(right({ path: onPath, version: '1.39.1', from: 'PATH' }))
    const named = await program('mine', envoySays('1.38.0'))
    expect(await envoyProgram.find(env({ RUTTER_ENVOY: named }))).toEqual(
      right({ path: named, version: '1.38.0', from: 'RUTTER_ENVOY' }),
    )
  })

  test('O2: a variable that names what does not run is an error, though PATH has a good one', async () => {
    await program('bin/envoy', envoySays('1.40.0'))
    for (const named of [path('nowhere'), await program('broken', 'sorry', 3)]) {
      expect(await envoyProgram.find(env({ RUTTER_ENVOY: named }))).toMatchObject(
        left({ problem: expect.stringContaining(`RUTTER_ENVOY names ${named}, which does not run`) }),
      )
    }
  })

  test('O3: another program of that name is passed over, and named', async () => {
    const other = await program('bin/envoy', 'envoy, a tool to deploy things')
    expect(await envoyProgram.find(env())).toMatchObject(
      left({ problem: expect.stringContaining(`${other} (PATH) does not say that it is envoy`) }),
    )
    const cached = await inCache('1.40.0')
    expect(await envoyProgram.find(env())).toMatchObject(right({ path: cached }))
  })

  test.each([
    ['2.9.10', false],
    ['2.10.0', true],
    ['2.14.9', true],
    ['1.4.1', false],
    ['3.0.0', true],
  ])('O3: nats-server %s is usable: %s', async (version, usable) => {
    await program('bin/nats-server', `nats-server: v${version}`)
    const found = await natsServerProgram.find(env())
    expect(found).toMatchObject(
      usable ? right({ version }) : left({ problem: expect.stringContaining(version) }),
    )
  })

  test('O4: a copy in the cache that was cut off is not used, though it still runs', async () => {
    const cached = await inCache('1.40.0')
    await truncate(cached, 60)
    expect(await envoyProgram.find(env())).toMatchObject(
      left({ problem: expect.stringContaining('is not whole') }),
    )
  })

  test('O8: check names each program on a line, and ends with 1 while one is missing', async () => {
    const onPath = await program('bin/envoy', envoySays('1.40.0'))
    const missing = await runCli(['check'], { env: env() as Record<string, string> })
    expect(missing.code).toBe(1)
    expect(missing.out.split('\n')).toEqual([
      `envoy  1.40.0  ${onPath} (PATH)`,
      expect.stringMatching(/^nats-server {2}missing: .*to get it, .*RUTTER_NATS_SERVER/),
      '',
    ])
    await program('bin/nats-server', 'nats-server: v2.14.9')
    const all = await runCli(['check', '-o', 'json'], { env: env() as Record<string, string> })
    expect(all.code).toBe(0)
    expect(JSON.parse(all.out).programs).toMatchObject([
      { name: 'envoy', found: true, version: '1.40.0', from: 'PATH' },
      { name: 'nats-server', found: true, version: '2.14.9' },
    ])
    expect((await runCli(['check', 'envoy'], { env: env() as Record<string, string> })).out).toMatch(
      /^envoy .*\n$/,
    )
  })
})
