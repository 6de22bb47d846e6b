import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { routeRule, service } from '../reducers/given.ts'
import { startLoad } from './load.ts'
import { envoysAt, type Mesh, meshBehind, type Workload } from './mesh.ts'
import { randomFrom } from './randomFrom.ts'
import { type RutterProcess, runRutter, startRutter } from './rutterProcess.ts'

const envoy = await envoyOrSkip()
/** `RUTTER_KILLS` for more; each takes about a second. */
const kills = Number(process.env['RUTTER_KILLS'] ?? 10)
const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_125)

describe.skipIf(envoy.skip)('a controller that is killed', () => {
  let directory = ''
  let args: readonly string[] = []
  let serving: RutterProcess
  let mesh: Mesh
  let client: Workload

  const serve = async (): Promise<void> => {
    serving = startRutter(args)
    await serving.says(/serving http/)
  }

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-restart-'))
    const [http, xds] = [await freePort(), await freePort()]
    const listen = ['--http', `127.0.0.1:${http}`, '--xds', `127.0.0.1:${xds}`]
    args = ['serve', '--log', join(directory, 'log'), ...listen]
    await serve()
    mesh = meshBehind(`http://127.0.0.1:${http}`, envoysAt(envoy.path, xds))
    for (const name of ['client', 'reviews']) await mesh.put(service(name))
    client = await mesh.workload('client-1', { service: 'client' })
    for (const version of ['v1', 'v2'])
      await mesh.workload(`reviews-${version}`, { service: 'reviews', version })
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    serving?.child.kill('SIGKILL')
    await serving?.ended
    await rm(directory, { recursive: true, force: true })
  })

  test(
    `E13: killed ${kills} times at any moment, it loses no acknowledged change and fails no request (seed ${seed})`,
    async () => {
      const random = randomFrom(seed)
      const names = ['a', 'b', 'c', 'd']
      /** What each rule must be: its number, or 0 where it is gone; two where the last answer did not come. */
      const possible = new Map<string, readonly number[]>(names.map((name) => [name, [0]]))
      let changes = 0
      let acknowledged = 0

      const change = async (): Promise<void> => {
        const name = names[Math.floor(random() * names.length)] as string
        const before = possible.get(name) as readonly number[]
        const remove = before.length === 1 && before[0] !== 0 && random() < 0.3
        changes += 1
        const next = remove ? 0 : changes
        possible.set(name, [...before, next])
        if (remove) await mesh.remove('RouteRule', name)
        else await mesh.put(numbered(name, next))
        possible.set(name, [next])
        acknowledged += 1
      }
      const standing = async (name: string): Promise<number> => {
        const found = await mesh.json<{ spec?: { precedence?: number } }>(
          `/api/v1/config/RouteRule/default/${name}`,
        )
        return found.spec?.precedence ?? 0
      }

      const load = startLoad([() => client.get('reviews:9080')], 100)
      for (let kill = 0; kill < kills; kill += 1) {
        const killed = serving
        const death = after(50 + random() * 400).then(() => killed.child.kill('SIGKILL'))
        // A change that gets no answer ends the round: the controller is gone.
        for (let alive = true; alive; )
          alive = await change().then(
            () => true,
            () => false,
          )
        await death
        expect(await killed.ended).toBe('SIGKILL')
        await serve()
        for (const name of names) {
          const is = await standing(name)
          expect(possible.get(name)).toContain(is)
          possible.set(name, [is])
        }
      }
      expect(acknowledged).toBeGreaterThan(kills)
      await mesh.settled()
      const { failures } = await load.stop()
      expect(failures).toEqual([])

      const { position, hash } = await mesh.json<{ position: number; hash: string }>('/api/v1/snapshot')
      const replayed = await runRutter(['replay', '--log', join(directory, 'log'), '-o', 'json'])
      expect(JSON.parse(replayed.out)).toMatchObject({ position, hash })
    },
    kills * 10_000 + 30_000,
  )
})

/** A rule that sends some requests to one version; its precedence is its number. */
const numbered = (name: string, number: number) =>
  routeRule(name, {
    destination: { name: 'reviews' },
    precedence: number,
    match: { request: { headers: { 'x-never': { exact: `${number}` } } } },
    route: [{ labels: { version: number % 2 === 0 ? 'v1' : 'v2' } }],
  })
