import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from '@nats-io/nats-core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { runCli } from '../../cli/runCli.ts'
import { meshLogins } from './meshLogins.ts'

const reviews = 'sidecar~10.1.0.7~reviews-v1~default.svc.cluster.local'
const ratings = 'sidecar~10.1.0.8~ratings-v1~default.svc.cluster.local'

const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'rutter-logins-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const modes = (at: string, ...names: readonly string[]): string[] =>
  names.map((name) => (statSync(join(at, name)).mode & 0o777).toString(8))

describe('rutter nats-config', () => {
  test('Z1: a login for a controller, for debug and for each agent, in files for this user alone', async () => {
    const at = join(directory(), 'deeper')
    const logins = await meshLogins(at, '--mesh', 'blue', '--agent', reviews, '--agent', ratings)
    const { mesh, controller, debug, agents } = logins.credentials()
    expect(mesh).toBe('blue')
    expect(agents.map(({ node }) => node)).toEqual([reviews, ratings])
    const all = [controller, debug, ...agents]
    expect(new Set(all.map(({ user }) => user)).size).toBe(4)
    expect(new Set(all.map(({ password }) => password)).size).toBe(4)
    for (const { user, password } of all) {
      expect(Buffer.from(password, 'base64url')).toHaveLength(32)
      expect(logins.conf()).toContain(`user: "${user}"\n      password: "${password}"`)
    }
    expect(modes(at, '.', 'nats.conf', 'credentials.json')).toEqual(['700', '600', '600'])
  })

  test('Z1: files that others could read are closed to them', async () => {
    const at = directory()
    writeFileSync(join(at, 'nats.conf'), 'old', { mode: 0o644 })
    chmodSync(join(at, 'nats.conf'), 0o644)
    await meshLogins(at, '--agent', reviews)
    expect(modes(at, 'nats.conf')).toEqual(['600'])
  })

  test('Z2: who is named again keeps the login, who is not loses it', async () => {
    const logins = await meshLogins(directory(), '--agent', reviews)
    const before = logins.credentials()
    expect(await logins.again('--agent', ratings, '--agent', reviews)).toMatchObject({ code: 0 })
    const { controller, debug, agents } = logins.credentials()
    expect({ controller, debug, reviews: agents[1] }).toEqual({
      controller: before.controller,
      debug: before.debug,
      reviews: before.agents[0],
    })
    await logins.again('--agent', ratings)
    expect(logins.credentials().agents).toEqual([agents[0]])
    expect(logins.conf()).not.toContain('reviews')
    await logins.again('--agent', ratings, '--nkeys')
    expect(logins.credentials().agents[0]?.seed).toMatch(/^SU/)
  })

  test.each([
    ['is no JSON', 'x', 'it is no JSON'],
    ['holds something else', '{"mesh":"default","controller":{}}', 'it holds no mesh with its logins'],
    [
      'is of another mesh',
      '{"mesh":"red","controller":{"user":"c","password":"c"},"debug":{"user":"d","seed":"d"},"agents":[]}',
      'it holds the logins of the mesh red',
    ],
  ])('Z2: a credentials.json that %s is left alone', async (_, text, message) => {
    const at = directory()
    writeFileSync(join(at, 'credentials.json'), text)
    const ran = await runCli(['nats-config', '--out', at, '--agent', reviews])
    expect(ran).toMatchObject({ code: 2, err: expect.stringContaining(message) })
    expect(readFileSync(join(at, 'credentials.json'), 'utf8')).toBe(text)
  })

  test.each([
    ['a mesh that is a wildcard', ['--mesh', '*', '--agent', reviews]],
    ['a mesh of several tokens', ['--mesh', 'a.b', '--agent', reviews]],
    ['a node id that is empty', ['--agent', '']],
    ['a node id with a line feed', ['--agent', 'a\nb']],
    ['a node id that is too long', ['--agent', 'x'.repeat(257)]],
    ['a proxy of an unknown type', ['--agent', 'king~10.0.0.1~a~b']],
    ['a node id that is named twice', ['--agent', reviews, '--agent', reviews]],
    ['no node id', []],
  ])('Z3: %s is refused, and nothing is written', async (_, args) => {
    const at = join(directory(), 'out')
    expect(await runCli(['nats-config', '--out', at, ...args])).toMatchObject({ code: 64 })
    expect(() => statSync(at)).toThrow('ENOENT')
  })

  test('Z3: whatever a node id holds, it is one token without wildcards', async () => {
    const nodes = ['*', '>', '"}', '# x', 'a.b', '$JS', 'ö', ' ', '-', 'controller']
    const logins = await meshLogins(directory(), ...nodes.flatMap((node) => ['--agent', node]))
    const own = [...logins.conf().matchAll(/"rutter\.default\.(?:sync|status|proxy)\.([^"]*)"/g)]
    const tokens = own.map(([, token = '']) => token).filter((token) => token !== '*')
    expect(new Set(tokens)).toEqual(
      new Set(['=2A', '=3E', '=22=7D', '=23=20x', 'a=2Eb', '=24JS', '=C3=B6', '=20', '-', 'controller']),
    )
  })

  test('Z7: with nkeys the servers know public halves only, and seeds are in files', async () => {
    const at = directory()
    const long = 'ö'.repeat(128)
    const logins = await meshLogins(at, '--nkeys', '--agent', reviews, '--agent', long)
    const { controller, debug, agents } = logins.credentials()
    const token = 'sidecar=7E10=2E1=2E0=2E7=7Ereviews-v1=7Edefault=2Esvc=2Ecluster=2Elocal'
    const hash = createHash('sha256').update(long).digest('hex')
    const files = ['controller.nk', 'debug.nk', `agent.${token}.nk`, `agent.${hash}.nk`]
    expect(modes(at, ...files)).toEqual(['600', '600', '600', '600'])
    for (const [i, login] of [controller, debug, ...agents].entries()) {
      const seed = readFileSync(join(at, files[i] ?? ''), 'utf8').trim()
      expect(seed).toBe(login?.seed)
      expect(nkeys.fromSeed(Buffer.from(seed)).getPublicKey()).toBe(login?.user)
      expect(logins.conf()).toContain(`nkey: "${login?.user}"`)
    }
    expect(logins.conf()).not.toMatch(/"SU|password/)
  })
})
