import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, onTestFinished, test } from 'vitest'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { type Composed, composed, composeFile } from './composed.ts'
import './rutterProcess.ts'

const [envoy, nats] = [await envoyOrSkip(), await natsServerOrSkip()]
const file = composeFile()
const services = Object.keys(file.services)
const named = (pattern: RegExp): readonly string[] => services.filter((name) => pattern.test(name))

const dockerCompose = await promisify(execFile)('docker-compose', ['version', '--short']).then(
  () => true,
  () => false,
)
if (!dockerCompose)
  console.warn('skipped: docker-compose is not here to say what it thinks of docker-compose.yml')

describe('docker-compose.yml', () => {
  test.skipIf(!dockerCompose)('K26: docker-compose takes it', async () => {
    await promisify(execFile)('docker-compose', ['--file', 'docker-compose.yml', 'config', '--quiet'])
  })

  test('K26: three servers, two controllers, four workloads with agent and Envoy, traffic', () => {
    expect(named(/^nats-/)).toHaveLength(3)
    expect(named(/^controller-/)).toHaveLength(2)
    expect(named(/-agent$/)).toHaveLength(4)
    expect(named(/-agent$/).map((name) => file.services[name]?.network_mode)).toEqual(
      named(/^(productpage|reviews|ratings)-v\d$/).map((name) => `service:${name}`),
    )
  })

  test('K26: every volume and file that a service names is there', () => {
    const sources = services.flatMap((name) =>
      (file.services[name]?.volumes ?? []).map((one) => one.split(':')[0] ?? ''),
    )
    for (const source of new Set(sources))
      expect([source, source.startsWith('./') ? existsSync(source) : source in file.volumes]).toEqual([
        source,
        true,
      ])
  })

  test('K26: every service and network that a service names is there', () => {
    for (const { depends_on = {}, networks = [], network_mode = '' } of Object.values(file.services)) {
      const shared = /^service:(.*)/.exec(network_mode)?.[1] ?? 'traffic'
      expect(services).toEqual(expect.arrayContaining([...Object.keys(depends_on), shared]))
      const names = Array.isArray(networks) ? networks : Object.keys(networks)
      expect(Object.keys(file.networks)).toEqual(expect.arrayContaining(names))
    }
  })

  test('K26: the image is built of files that are there, with the Envoy whose API Rutter speaks', () => {
    const docker = readFileSync('deploy/Dockerfile', 'utf8')
    const ignored = readFileSync('.dockerignore', 'utf8')
    const copied = [...docker.matchAll(/^COPY (?!--from)(.*) \S+$/gm)].flatMap(([, names = '']) =>
      names.split(' '),
    )
    expect(copied.length).toBeGreaterThan(4)
    for (const name of copied) {
      expect([name, existsSync(name)]).toEqual([name, true])
      expect(ignored).toContain(`!${name}\n`)
    }
    expect(readFileSync('src/adapters/outsidePrograms/envoyProgram.ts', 'utf8')).toContain(
      `'${/envoy:v(\S+) AS envoy/.exec(docker)?.[1]}'`,
    )
  })

  test.skipIf(envoy.skip || nats.skip)(
    'K26: run as plain processes, its commands make a mesh that serves, and goes on when a controller and a server are killed',
    { timeout: 240_000 },
    async () => {
      const composition = composed(file, { envoy: envoy.path, natsServer: nats.path })
      onTestFinished(() => composition.stop(), 90_000)
      expect(await composition.start('credentials').ended).toBe(0)
      const started = new Map<string, Composed>()
      const others = services.filter((name) => name !== 'credentials')
      const gone: string[] = []
      for (const name of others) {
        const one = composition.start(name)
        started.set(name, one)
        void one.ended.then(() => gone.push(name))
      }
      onTestFinished(({ task }) => {
        if (task.result?.state !== 'fail') return
        for (const [name, { said }] of started) console.error(`${name}: ${said().slice(-1500)}`)
      })
      const said = (name: string): string => started.get(name)?.said() ?? ''
      const kill = async (name: string): Promise<void> => {
        started.get(name)?.child.kill('SIGKILL')
        await started.get(name)?.ended
      }
      const rutter = async (controller: string, ...args: readonly string[]): Promise<string> => {
        const ran = composition.exec(controller, [...args, '--server', 'http://127.0.0.1:8080'])
        expect([await ran.ended, ran.said()]).toMatchObject([0, expect.any(String)])
        return ran.said()
      }
      /** The last line of traffic, once it tells of no failure and of this split in percent. */
      const split = (v1: RegExp, v2: string) =>
        expect
          .poll(
            () => (gone.length > dead ? `${gone} have ended` : said('traffic').trimEnd().split('\n').at(-1)),
            {
              timeout: 60_000,
            },
          )
          .toMatch(new RegExp(`failed 0\\.0/s  reviews  v1 ${v1.source}${v2}$`))
      let dead = 0

      for (const controller of named(/^controller-/))
        await expect
          .poll(() => composition.healthy(controller), { timeout: 90_000, interval: 500 })
          .toBe(true)
      await split(/(4|5)\d\.\d%/, '  v2 .*')
      for (const controller of named(/^controller-/)) {
        const { proxies } = JSON.parse(await rutter(controller, 'proxies', '-o', 'json'))
        expect(proxies.map(({ state }: { state: string }) => state)).toEqual(Array(4).fill('synced'))
      }
      await rutter('controller-1', 'apply', '-f', '/etc/rutter/rules/reviews-90-10.yaml', '--wait')
      await split(/(8|9)\d\.\d%/, '  v2 .*')
      dead = 2
      const before = said('traffic').length
      await kill('controller-1')
      await kill('nats-2')
      await rutter('controller-2', 'apply', '-f', '/etc/rutter/rules/reviews-v1.yaml', '--wait')
      await split(/100\.0%/, '')
      expect(said('traffic').slice(before)).not.toMatch(/failed [^0]|failed 0\.[1-9]/)
      for (const name of named(/^nats-/)) expect(said(name)).not.toContain('Violation')
    },
  )
})
