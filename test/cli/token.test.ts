import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startController } from '../../src/cli/startController.ts'
import { certificates } from '../certificates.ts'
import { runCli } from './runCli.ts'

const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'rutter-token-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

describe('tokens at the command line', () => {
  test('K24: a token is printed once; its file knows its hash, and is for this user alone', async () => {
    const file = join(directory(), 'tokens')
    const made = await runCli(['token', 'ci', '--role', 'write', '--http-tokens', file])
    expect(made).toMatchObject({ code: 0, err: expect.stringContaining('ci may write') })
    expect(made.out).toMatch(/^rutter_[\w-]{43}\n$/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const [first] = readFileSync(file, 'utf8').split('\n')
    expect(first).toMatch(/^ci write sha256:[0-9a-f]{64}$/)
    writeFileSync(file, `${first}`)
    expect(await runCli(['token', 'ann', '--http-tokens', file])).toMatchObject({ code: 0 })
    expect(readFileSync(file, 'utf8')).toMatch(/^ci write sha256:\w{64}\nann read sha256:\w{64}\n$/)
  })

  test.each([
    [['token', '--http-tokens', 'x'], 64],
    [['token', 'a b', '--http-tokens', 'x'], 64],
    [['token', 'anonymous', '--http-tokens', 'x'], 64],
    [['token', 'a', '--role', 'admin', '--http-tokens', 'x'], 64],
    [['token', 'a'], 64],
  ])('K24: %j ends with %i', async (args, code) => expect((await runCli(args)).code).toBe(code))

  test('K24: a file that holds something else is left alone', async () => {
    const file = join(directory(), 'tokens')
    writeFileSync(file, 'spoilt\n')
    expect(await runCli(['token', 'a', '--http-tokens', file])).toMatchObject({
      code: 65,
      err: expect.stringContaining('tokens, line 1: '),
    })
    expect(readFileSync(file, 'utf8')).toBe('spoilt\n')
  })

  test('K25: commands show their token over TLS; who has none, or may not, is told', async () => {
    const at = directory()
    const { ca, ...httpTls } = certificates(at)
    const [tokens, writer, reader] = [join(at, 'tokens'), join(at, 'writer'), join(at, 'reader')]
    const made = async (name: string, role: string, file: string): Promise<string> => {
      const { out } = await runCli(['token', name, '--role', role, '--http-tokens', tokens])
      writeFileSync(file, out)
      return out.trim()
    }
    await made('ann', 'write', writer)
    const readToken = await made('ci', 'read', reader)
    const started = await startController({
      log: 'memory',
      http: { host: '127.0.0.1', port: 0 },
      xds: { host: '127.0.0.1', port: 0 },
      httpTokens: tokens,
      httpTls,
      version: 'test',
      notice: () => {},
      lost: () => {},
    })
    onTestFinished(() => started.close())
    const yaml =
      'apiVersion: rutter.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: http, port: 1}]}\n'
    const document = join(at, 'a.yaml')
    writeFileSync(document, yaml)
    const rutter = (args: readonly string[], env: Record<string, string> = {}) =>
      runCli([args[0] ?? '', '--server', started.http.url, '--ca', ca, ...args.slice(1)], { env })
    const apply = ['apply', '-f', document]
    expect(await rutter([...apply, '--token-file', writer, '--wait'])).toMatchObject({ code: 0 })
    expect(await rutter([...apply, '--token-file', reader])).toMatchObject({
      code: 2,
      err: 'error: forbidden the token of ci may only read\n',
    })
    expect(await rutter(apply)).toMatchObject({ code: 2, err: expect.stringContaining('RUTTER_TOKEN') })
    const events = await rutter(['events', '-o', 'json', '--token-file', writer])
    expect(JSON.parse(events.out)).toMatchObject({ events: [{ actor: 'ann' }] })
    const env = { RUTTER_TOKEN: readToken }
    for (const args of [
      ['get', 'services'],
      ['describe', 'service', 'a'],
      ['diagnostics'],
      ['proxies'],
      ['proxy', 'x', 'clusters'],
      ['wait'],
      ['events'],
      ['lint', '-f', document],
      ['delete', '--dry-run', 'service', 'a'],
    ])
      expect([args[0], await rutter(args, env)]).toMatchObject([args[0], { code: 0 }])
    expect(await rutter(['get', 'services', '--token-file', join(at, 'nope')])).toMatchObject({
      code: 64,
      err: expect.stringContaining('nope cannot be read'),
    })
    expect(await runCli(['get', 'services', '--server', started.http.url], { env })).toMatchObject({
      code: 69,
    })
  })

  test.each<[string, readonly string[], string | undefined]>([
    ['HTTP without tokens', ['--http', '0.0.0.0:0'], '--http-tokens with --http-cert asks for tokens'],
    ['HTTP with TLS alone', ['--http', '0.0.0.0:0', '--http-cert', 'x', '--http-key', 'x'], '--http-tokens'],
    ['HTTP with tokens alone', ['--http', '0.0.0.0:0', '--http-tokens', 'x'], 'would go in clear'],
    ['xDS without certificates', ['--xds', '0.0.0.0:0'], '--xds-ca asks for certificates'],
    ['a certificate without its key', ['--http-cert', 'x'], '--http-cert and --http-key go together'],
  ])('K14: %s is refused beyond loopback', async (_, args, message) => {
    const place = ['--log', 'memory', '--http', '127.0.0.1:0', '--xds', '127.0.0.1:0']
    expect(await runCli(['serve', ...place, ...args])).toMatchObject({
      code: 64,
      err: expect.stringContaining(message ?? ''),
    })
  })

  test('K14: with tokens and TLS the way is free', async () => {
    const args = [
      '--http',
      '0.0.0.0:0',
      '--http-tokens',
      '/nowhere',
      '--http-cert',
      '/nowhere',
      '--http-key',
      '/nowhere',
    ]
    // It goes as far as reading the files.
    expect(await runCli(['serve', '--log', 'memory', '--xds', '127.0.0.1:0', ...args])).toMatchObject({
      code: 2,
      err: expect.stringContaining('/nowhere cannot be read'),
    })
  })
})
