import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type NatsServers, startNats } from '../adapters/nats/natsHarness.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { figure } from './fleet.ts'
import { startRutter } from './rutterProcess.ts'

const nats = await natsServerOrSkip()

type Entry = {
  readonly position: number
  readonly events: readonly { readonly source: string; readonly data: { readonly resource?: unknown } }[]
}

describe.skipIf(nats.skip)('several controllers with one directory of configuration', () => {
  let servers: NatsServers
  beforeAll(async () => {
    servers = await startNats(nats.path, { nodes: 3 })
  }, 60_000)
  afterAll(() => servers?.stop())

  /** A mesh of its own, whose directory is `conf` in the working directory of both controllers. */
  const meshOf = (mesh: string) => {
    const directory = mkdtempSync(join(tmpdir(), 'rutter-elected-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    const write = (name: string, port: number): void =>
      writeFileSync(
        join(directory, `${name}.yaml`),
        `apiVersion: rutter.dev/v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {ports: [{name: http, port: ${port}}]}\n`,
      )
    const serve = async () => {
      const log = ['--log', 'nats', '--nats', servers.urls.join(), '--mesh', mesh, '-o', 'json']
      const doors = ['--http', '127.0.0.1:0', '--xds', '127.0.0.1:0', '--config', directory]
      const rutter = startRutter(['serve', ...log, ...doors])
      onTestFinished(() => {
        rutter.child.kill('SIGCONT')
        rutter.child.kill('SIGKILL')
      })
      const [line] = await rutter.says(/\{.*\}/)
      const { http: url } = JSON.parse(line) as { readonly http: string }
      return { ...rutter, url }
    }
    return { write, serve }
  }
  type Serving = Awaited<ReturnType<ReturnType<typeof meshOf>['serve']>>

  const leads = ({ url }: Serving): Promise<number> => figure({ url }, 'rutter_registry_leader')
  /** Who reads and who does not, once that is settled. */
  const rolesOf = async (one: Serving, two: Serving): Promise<readonly [leader: Serving, other: Serving]> => {
    await expect.poll(async () => (await leads(one)) + (await leads(two)), { timeout: 20_000 }).toBe(1)
    return (await leads(one)) === 1 ? [one, two] : [two, one]
  }
  const portOf = async ({ url }: Serving, name: string): Promise<number | undefined> => {
    const answer = await fetch(`${url}/api/v1/config/Service/default/${name}`)
    if (!answer.ok) return undefined
    const { spec } = (await answer.json()) as { spec: { ports: readonly { port: number }[] } }
    return spec.ports[0]?.port
  }
  const comes = (controller: Serving, name: string, port: number) =>
    expect.poll(() => portOf(controller, name), { timeout: 20_000 }).toBe(port)
  const entriesOf = async ({ url }: Serving): Promise<readonly Entry[]> => {
    const headers = { accept: 'application/json' }
    const answer = await fetch(`${url}/api/v1/events?from=1`, { headers })
    return ((await answer.json()) as { readonly items: readonly Entry[] }).items
  }
  const registryOf = async ({ url }: Serving): Promise<string | undefined> => {
    const answer = await fetch(`${url}/readyz?verbose`)
    const { checks } = (await answer.json()) as { checks: readonly { name: string; detail: string }[] }
    return checks.find(({ name }) => name === 'registry')?.detail
  }

  test('F15: one of them reads it; when that one is stopped or killed, the other goes on', async () => {
    const { write, serve } = meshOf('killed')
    write('reviews', 1)
    const [leader, other] = await rolesOf(await serve(), await serve())
    await comes(other, 'reviews', 1)
    expect(await registryOf(leader)).toMatch(/^files\/.* is read here$/)
    expect(await registryOf(other)).toMatch(/^files\/.* is read by controller /)
    write('reviews', 2)
    await comes(other, 'reviews', 2)
    leader.child.kill('SIGKILL')
    await leader.ended
    write('reviews', 3)
    await comes(other, 'reviews', 3)
    expect(await leads(other)).toBe(1)
    // Each state of the file is one entry: nothing was applied twice.
    expect((await entriesOf(other)).map(({ position }) => position)).toEqual([1, 2, 3])

    const third = await serve()
    other.child.kill('SIGTERM')
    expect(await other.ended).toBe(0)
    write('reviews', 4)
    await comes(third, 'reviews', 4)
    expect(await entriesOf(third)).toHaveLength(4)
  }, 60_000)

  test('F16: a leader that was frozen and is back applies nothing again, and leaves it to the other', async () => {
    const { write, serve } = meshOf('frozen')
    write('reviews', 1)
    const [leader, other] = await rolesOf(await serve(), await serve())
    await comes(other, 'reviews', 1)
    // Frozen between seeing a change and writing it, it wakes with a wish of the past.
    write('reviews', 2)
    leader.child.kill('SIGSTOP')
    await expect.poll(() => leads(other), { timeout: 20_000 }).toBe(1)
    write('reviews', 3)
    await comes(other, 'reviews', 3)
    await fetch(`${other.url}/api/v1/config/Service/default/reviews`, {
      method: 'PUT',
      headers: { 'content-type': 'application/yaml' },
      body: 'apiVersion: rutter.dev/v1\nkind: Service\nmetadata: {name: reviews}\nspec: {ports: [{name: http, port: 4}]}\n',
    })
    const before = await entriesOf(other)
    leader.child.kill('SIGCONT')
    await expect.poll(() => leads(leader), { timeout: 20_000 }).toBe(0)
    await expect.poll(() => registryOf(leader), { timeout: 20_000 }).toMatch(/is read by controller /)
    write('ratings', 1)
    await comes(leader, 'ratings', 1)
    const after = await entriesOf(other)
    expect(after).toHaveLength(before.length + 1)
    expect(await portOf(leader, 'reviews')).toBe(4)
    expect([await leads(leader), await leads(other)]).toEqual([0, 1])
  }, 60_000)
})
