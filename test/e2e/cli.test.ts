import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { rule, service } from '../cli/documents.ts'
import { type RutterProcess, runRutter, startRutter } from './rutterProcess.ts'

describe('the built program', () => {
  let directory = ''
  const running: RutterProcess[] = []

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-e2e-'))
  })
  afterEach(async () => {
    for (const { child, ended } of running.splice(0)) {
      child.kill('SIGKILL')
      await ended
    }
    await rm(directory, { recursive: true, force: true })
  })

  const start = (...args: string[]): RutterProcess => {
    const started = startRutter(args)
    running.push(started)
    return started
  }

  const log = () => join(directory, 'log')
  const serve = async (...args: string[]) => {
    const ports = ['--http', '127.0.0.1:0', '--xds', '127.0.0.1:0', '-o', 'json']
    const server = start('serve', '--log', log(), ...ports, ...args)
    const [line] = await server.says(/^\{.*\}$/m)
    return { server, env: { RUTTER_SERVER: JSON.parse(line).http as string } }
  }
  const stopped = async ({ child, ended }: RutterProcess, signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal)
    return ended
  }

  test('K16: what was built runs from anywhere, without packages', async () => {
    await cp('dist', join(directory, 'dist'), { recursive: true })
    const alone = join(directory, 'dist/rutter.mjs')
    expect((await stat('dist/rutter.mjs')).mode & 0o111).toBe(0o111)
    const { stdout } = await promisify(execFile)(alone, ['version', '-o', 'json'], { cwd: directory })
    expect(JSON.parse(stdout)).toMatchObject({
      version: JSON.parse(await readFile('package.json', 'utf8')).version,
    })
  })

  test('K16: npx finds it in the checkout', async () => {
    const { stdout } = await promisify(execFile)('npx', ['rutter', 'version'])
    expect(stdout).toMatch(/^rutter \d/)
  })

  test('K14, K1, K11: serve, apply, follow; SIGTERM ends it with 0 and the log is there afterwards', async () => {
    const { server, env } = await serve()
    const applied = await runRutter(['apply', '-f', '-'], env, service('reviews'))
    expect(applied).toMatchObject({ code: 0, out: 'service/default/reviews applied at 1\n' })
    const following = startRutter(['events', '-f', '-o', 'json'], { env })
    running.push(following)
    await following.says(/"position":1/)
    await runRutter(['apply', '-f', '-'], env, service('ratings'))
    await following.says(/"position":2/)
    expect(await stopped(server)).toBe(0)

    const replayed = await runRutter(['replay', '--log', log(), '-o', 'json'])
    expect(JSON.parse(replayed.out)).toMatchObject({ position: 2, entries: 2 })
    const again = await serve()
    const snapshot = await (await fetch(`${again.env.RUTTER_SERVER}/api/v1/snapshot`)).json()
    expect(snapshot).toMatchObject({ position: 2, hash: JSON.parse(replayed.out).hash })
  })

  test('K3, K6: bad input ends with 65, no server with 69', async () => {
    const { env } = await serve()
    const bad = await runRutter(['apply', '-f', '-'], env, rule('r', 90, 20))
    expect(bad.code).toBe(65)
    expect(bad.err).toMatch(/^stdin:\d+:\d+ RUT1318/)
    expect((await runRutter(['get', 'services'], { RUTTER_SERVER: 'http://127.0.0.1:1' })).code).toBe(69)
  })

  test('K14: a log in use is refused with 2, and so is a damaged one, naming the file', async () => {
    const { server, env } = await serve()
    for (const name of ['a', 'b', 'c']) await runRutter(['apply', '-f', '-'], env, service(name))
    const second = await runRutter(['serve', '--log', log(), '--http', '127.0.0.1:0', '--xds', '127.0.0.1:0'])
    expect(second).toMatchObject({ code: 2, err: expect.stringContaining('in use') })
    await stopped(server, 'SIGKILL')

    const [name = ''] = await readdir(join(log(), 'segments'))
    const segment = join(log(), 'segments', name)
    const bytes = await readFile(segment)
    const middle = Math.floor(bytes.length / 2)
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    await writeFile(segment, bytes)
    const damaged = await runRutter([
      'serve',
      '--log',
      log(),
      '--http',
      '127.0.0.1:0',
      '--xds',
      '127.0.0.1:0',
    ])
    expect(damaged).toMatchObject({ code: 2, err: expect.stringContaining(segment) })
  })

  test('K14: an address that is taken is named, and ends with 2', async () => {
    const { env } = await serve()
    const { host } = new URL(env.RUTTER_SERVER)
    const second = await runRutter(['serve', '--log', 'memory', '--http', host, '--xds', '127.0.0.1:0'])
    expect(second).toMatchObject({ code: 2, err: expect.stringContaining(host.split(':')[1] ?? '') })
  })

  test('K16: a reader that goes away ends it quietly', async () => {
    const { env } = await serve()
    const many = Array.from({ length: 3_000 }, (_, i) => service(`s${i}`)).join('---\n')
    expect((await runRutter(['apply', '-f', '-'], env, many)).code).toBe(0)
    const script = `"${process.execPath}" dist/rutter.mjs get services | head -1`
    const { stdout, stderr } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', script], {
      env: { ...process.env, ...env },
    })
    expect(stdout).toMatch(/^KIND/)
    expect(stderr).toBe('')
  })
})
