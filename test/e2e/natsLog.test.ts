import { isLeft } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { jetstreamCheckpoints } from '../../src/adapters/nats/jetstreamCheckpoints.ts'
import { eventSubjects } from '../../src/adapters/nats/meshStream.ts'
import { withNatsSource } from '../../src/cli/natsSource.ts'
import type { NatsPlace } from '../../src/cli/openNatsLog.ts'
import type { ReplaySource } from '../../src/cli/replayLog.ts'
import { type StartedController, startController } from '../../src/cli/startController.ts'
import type { Resource } from '../../src/model/resource.ts'
import { emptySnapshot } from '../../src/reducers/mesh.ts'
import { type NatsServers, startNats } from '../adapters/nats/natsHarness.ts'
import { linked, openedLog } from '../adapters/nats/openedLog.ts'
import { granted } from '../contract/eventLog.ts'
import { registered } from '../contract/registered.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { service } from '../reducers/given.ts'
import { startMesh } from './mesh.ts'
import { runRutter, startRutter } from './rutterProcess.ts'

const [nats, envoy] = [await natsServerOrSkip(), await envoyOrSkip()]

type Snapshot = { readonly position: number; readonly hash: string }

describe.skipIf(nats.skip)('a controller whose log is in NATS', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path)
  })
  afterAll(() => servers?.stop())

  const placeOf = (mesh: string): NatsPlace => ({
    profile: { urls: servers.urls, clientName: 'rutter-controller test' },
    mesh,
  })

  const serve = async (mesh: string) => {
    const flags = ['--log', 'nats', '--nats', servers.urls.join(), '--mesh', mesh, '-o', 'json']
    const rutter = startRutter(['serve', ...flags, '--http', '127.0.0.1:0', '--xds', '127.0.0.1:0'])
    onTestFinished(() => void rutter.child.kill('SIGKILL'))
    const [line] = await rutter.says(/\{.*\}/)
    const { http } = JSON.parse(line) as { readonly http: string }
    const snapshot = async () => (await (await fetch(`${http}/api/v1/snapshot`)).json()) as Snapshot
    const apply = async (resource: Resource) =>
      (
        await fetch(`${http}/api/v1/config`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify([resource]),
        })
      ).status
    return { ...rutter, http, snapshot, apply }
  }

  test('N12: what was applied is there after a restart, from the log alone and from a checkpoint', async () => {
    const first = await serve('restarted')
    expect(await first.apply(service('reviews'))).toBe(200)
    expect(await first.apply(service('ratings'))).toBe(200)
    const before = await first.snapshot()
    expect(before.position).toBe(2)
    expect(await (await fetch(`${first.http}/metrics`)).text()).toMatch(/^rutter_log_appended_total 2$/m)
    first.child.kill('SIGKILL')
    await first.ended
    const second = await serve('restarted')
    expect(await second.snapshot()).toEqual(before)
    second.child.kill('SIGTERM')
    expect(await second.ended).toBe(0)
    const third = await serve('restarted')
    expect(await third.snapshot()).toEqual(before)
  })

  test.skipIf(envoy.skip)(
    'N12: Envoys that connect to it route by what an earlier one was told',
    async () => {
      const place = placeOf('routed')
      const before = await startMesh(envoy.path, place)
      await before.put(service('reviews'))
      await before.put(service('client'))
      await before.stop()
      const mesh = await startMesh(envoy.path, place)
      onTestFinished(() => mesh.stop())
      const client = await mesh.workload('client', { service: 'client' })
      await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1' })
      await mesh.settled()
      expect(await client.get('reviews:9080')).toMatchObject({ status: 200, body: 'reviews v1' })
    },
  )

  test('N14: `rutter replay --log nats` folds to the same hash, beside a live server', async () => {
    const server = await serve('replayed')
    for (const name of ['a', 'b', 'c']) expect(await server.apply(service(name))).toBe(200)
    const snapshot = await server.snapshot()
    const replay = async (mesh: string) => {
      const flags = ['--log', 'nats', '--nats', servers.urls.join(), '--mesh', mesh, '-o', 'json']
      return runRutter(['replay', ...flags])
    }
    const beside = await replay('replayed')
    expect(beside).toMatchObject({ code: 0, err: '' })
    expect(JSON.parse(beside.out)).toMatchObject({ ...snapshot, entries: 3, seconds: expect.any(Number) })
    server.child.kill('SIGTERM')
    await server.ended
    // Now there is a checkpoint, too, which is verified.
    expect(JSON.parse((await replay('replayed')).out)).toMatchObject({ ...snapshot, entries: 3 })
    expect(await replay('nowhere')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is no log here'),
    })
  })

  test('N14: it ends with 2 where the chain or a checkpoint is wrong', async () => {
    const link = await linked(servers.urls)
    const replay = (mesh: string) =>
      runRutter(['replay', '--log', 'nats', '--nats', servers.urls.join(), '--mesh', mesh])
    const log = await openedLog(servers.urls, { mesh: 'spoilt' })
    granted(await log.append([registered('a')], 0))
    const wrong = {
      position: 1,
      at: '2026-01-01T00:00:00.000Z',
      logHash: 'a'.repeat(64),
      meshHash: 'b'.repeat(64),
    }
    await jetstreamCheckpoints(link, 'spoilt', () => {}).write({ ...wrong, mesh: emptySnapshot.mesh })
    expect(await replay('spoilt')).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        'position 1, RUTTER_spoilt_CHECKPOINTS/1: the checkpoint belongs to another log',
      ),
    })
    await link.connection.request(eventSubjects('spoilt').entry, '[]')
    expect(await replay('spoilt')).toMatchObject({ code: 2, err: expect.stringContaining('position 2') })
  })

  test('N14: servers that are gone midway end it; a part of the log does not pass for the whole', async () => {
    const leaving = await startNats(nats.path)
    onTestFinished(() => leaving.stop())
    const log = await openedLog(leaving.urls, { mesh: 'long' })
    // More than what is asked for ahead of the reader.
    const note = 'x'.repeat(900_000)
    for (let i = 0; i < 40; i += 1) granted(await log.append([registered(`s${i}`, note)], i))
    const place = { profile: { urls: leaving.urls, clientName: 'test' }, mesh: 'long' }
    const reading = async ({ entries }: ReplaySource): Promise<void> => {
      for await (const _ of entries(() => {})) await leaving.servers[0]?.kill()
    }
    await expect(withNatsSource(place, reading, 500)).rejects.toMatchObject({
      _tag: 'NatsRefused',
      message: expect.stringContaining('brought no entry'),
    })
  })

  test('N12: a login that is refused, and servers that are not there, end it with 2 and advice', async () => {
    const rutter = startRutter([
      'serve',
      '--log',
      'nats',
      '--nats',
      servers.urls.join(),
      '--nats-creds',
      '/nowhere',
    ])
    expect(await rutter.ended).toBe(2)
    expect(rutter.err()).toContain('name a file that this user may read')
  })

  describe('two of them', () => {
    const started = async (mesh: string): Promise<StartedController> => {
      const controller = await startController({
        log: placeOf(mesh),
        http: { host: '127.0.0.1', port: 0 },
        xds: { host: '127.0.0.1', port: 0 },
        version: 'test',
        notice: () => {},
        lost: (reason) => {
          throw reason
        },
      })
      onTestFinished(() => controller.close())
      return controller
    }
    const written = async ({ controller }: StartedController, resources: readonly Resource[]) => {
      const changes = resources.map((resource) => ({ type: 'apply' as const, resource }))
      const answer = await controller.write({ changes, actor: 'test', source: 'test' })
      if (isLeft(answer)) throw new Error(JSON.stringify(answer.left))
      return answer.right
    }
    const at = ({ controller }: StartedController): Snapshot => {
      const snapshot = controller.snapshot()
      return { position: snapshot.position, hash: controller.hashOf(snapshot) }
    }

    /** Both have folded up to the end, to the same mesh. */
    const agreed = async (one: StartedController, two: StartedController): Promise<void> => {
      const end = Math.max(at(one).position, at(two).position)
      for (const each of [one, two]) await expect.poll(() => at(each).position).toBe(end)
      expect(at(one)).toEqual(at(two))
    }

    test('N13: see each other’s writes', async () => {
      const [one, two] = [await started('seen'), await started('seen')]
      const { position } = await written(one, [service('reviews')])
      await expect.poll(() => at(two).position).toBe(position)
      expect(at(two)).toEqual(at(one))
      expect((await written(two, [service('reviews')])).items).toMatchObject([
        { outcome: 'unchanged', position },
      ])
    })

    test('N13: write at once, each request admitted by what stands before it: one of two rivals wins, and both agree', async () => {
      const [one, two] = [await started('rivals'), await started('rivals')]
      // Whoever comes second finds the resource there and is refused; nobody is told that it is created twice.
      const create = async ({ controller }: StartedController, name: string): Promise<string> => {
        const answer = await controller.write({
          changes: [{ type: 'apply', resource: service(name) }],
          actor: 'test',
          source: 'test',
          precondition: (stands) => stands === undefined,
        })
        return isLeft(answer) ? answer.left._tag : (answer.right.items[0]?.outcome ?? '')
      }
      const rivals = async (round: number) => {
        const names = Array.from({ length: 5 }, (_, i) => `s${round}-${i}`)
        const answers = await Promise.all(
          names.map((name) => Promise.all([create(one, name), create(two, name)])),
        )
        for (const both of answers) expect(both.sort()).toEqual(['PreconditionFailed', 'created'])
      }
      for (let round = 0; round < 30; round += 1) await rivals(round)
      await agreed(one, two)
    })

    test('N13: under a steady stream of writes to both, every one is taken', async () => {
      const [one, two] = [await started('steady'), await started('steady')]
      const stream = async (controller: StartedController, name: string) => {
        for (let i = 0; i < 150; i += 1) await written(controller, [service(`${name}-${i}`)])
      }
      await Promise.all([one, two].flatMap((each, i) => [stream(each, `a${i}`), stream(each, `b${i}`)]))
      await agreed(one, two)
      const metrics = await Promise.all(
        [one, two].map(async ({ http }) => (await fetch(`${http.url}/metrics`)).text()),
      )
      const conflicts = metrics.map((text) =>
        Number(/^rutter_append_conflicts_total (\d+)$/m.exec(text)?.[1]),
      )
      expect(Math.max(...conflicts)).toBeGreaterThan(0)
      const { mesh } = one.controller.snapshot()
      expect(JSON.stringify(mesh.services).match(/"name":"[ab][01]-\d+"/g)).toHaveLength(600)
    })
  })
})
