import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { bootstrap } from '../../src/agent/bootstrap.ts'
import type { Resource } from '../../src/model/resource.ts'
import { type Authority, authority, certificates } from '../certificates.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { instance } from '../reducers/given.ts'
import { startEnvoy } from './envoyHarness.ts'
import { runRutter, startRutter } from './rutterProcess.ts'

const envoy = await envoyOrSkip()
const node = 'sidecar~127.0.0.9~web.default~default.svc.cluster.local'

describe.skipIf(envoy.skip)('xDS over TLS', () => {
  let directory = ''
  let ours: ReturnType<typeof certificates>
  let strange: ReturnType<typeof certificates>
  let issuer: Authority

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-tls-'))
    issuer = authority(await mkdtemp(join(directory, 'ours-')))
    ours = issuer.sign('cert', ['IP:127.0.0.1'])
    strange = certificates(await mkdtemp(join(directory, 'strange-')))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const serving = async (...tls: string[]) => {
    const listen = ['--log', 'memory', '--http', '127.0.0.1:0', '--xds', '127.0.0.1:0']
    const rutter = startRutter(['serve', ...listen, ...tls, '-o', 'json'])
    onTestFinished(async () => {
      rutter.child.kill('SIGTERM')
      await rutter.ended
    })
    await rutter.says(/"xds":/)
    const { http, xds } = JSON.parse(rutter.out()) as { http: string; xds: string }
    const connected = async (): Promise<unknown> => {
      const { proxies } = (await (await fetch(`${http}/api/v1/proxies`)).json()) as { proxies: unknown[] }
      return proxies
    }
    const put = (resource: Resource) =>
      fetch(`${http}/api/v1/config`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify([resource]),
      })
    const refusals = async () =>
      Number(/^rutter_streams_refused_total (\d+)$/m.exec(await (await fetch(`${http}/metrics`)).text())?.[1])
    return { port: Number(xds.split(':')[1]), connected, put, refusals }
  }

  const started = async (
    port: number,
    tls: Parameters<typeof bootstrap>[0]['tls'],
    until: 'live' | 'started',
  ) => {
    const made = bootstrap({
      node,
      xds: { host: '127.0.0.1', port },
      metadata: { httpProxy: { address: '127.0.0.9', port: 15_002 } },
      admin: { path: '/moved' },
      ...(tls === undefined ? {} : { tls }),
    })
    const running = await startEnvoy({ envoy: envoy.path, bootstrap: made, until })
    onTestFinished(() => running.stop())
    return running
  }

  test('X13: an Envoy that shows a certificate of the authority is served', async () => {
    const { port, connected } = await serving(
      '--xds-cert',
      ours.cert,
      '--xds-key',
      ours.key,
      '--xds-ca',
      ours.ca,
    )
    await started(port, ours, 'live')
    await vi.waitFor(
      async () => expect(await connected()).toMatchObject([{ id: node, connected: true, state: 'synced' }]),
      10_000,
    )
  })

  test.each([
    ['in plaintext', () => undefined],
    ['without a certificate', () => ({ ca: ours.ca })],
    ['with a certificate of another authority', () => ({ ...strange, ca: ours.ca })],
  ])('X13: an Envoy %s is not', async (_, tls) => {
    const { port, connected } = await serving(
      '--xds-cert',
      ours.cert,
      '--xds-key',
      ours.key,
      '--xds-ca',
      ours.ca,
    )
    const running = await started(port, tls(), 'started')
    const failed = async () => {
      const stats = await running.stats(
        'cluster\\.rutter-xds\\.(upstream_cx_destroy|upstream_cx_connect_fail)$',
      )
      return [...stats.values()].reduce((sum, value) => sum + value, 0)
    }
    await vi.waitFor(async () => expect(await failed()).toBeGreaterThan(0), 10_000)
    expect(await connected()).toEqual([])
  })

  test('X13: without an authority any client may come, over TLS', async () => {
    const { port, connected } = await serving('--xds-cert', ours.cert, '--xds-key', ours.key)
    await started(port, { ca: ours.ca }, 'live')
    await vi.waitFor(
      async () => expect(await connected()).toMatchObject([{ id: node, state: 'synced' }]),
      10_000,
    )
  })

  const asking = () => ['--xds-cert', ours.cert, '--xds-key', ours.key, '--xds-ca', ours.ca]
  const account = 'URI:spiffe://cluster.local/ns/default/sa/web'

  test.each([
    ['the node id', node.slice(0, 60), [`URI:${node}`]],
    ['its third part', 'web.default', ['IP:127.0.0.1']],
    ['the account of its workload', 'anybody', [account]],
  ])('X14: a certificate that names %s makes its Envoy that node', async (_, common, names) => {
    const { port, connected, put } = await serving(...asking(), '--xds-identity', 'bound')
    await put(instance('web-1', 'web', '127.0.0.9', { serviceAccount: 'web' }))
    await started(port, issuer.sign(common, names), 'live')
    await vi.waitFor(
      async () => expect(await connected()).toMatchObject([{ id: node, state: 'synced' }]),
      10_000,
    )
  })

  test.each([
    ['nobody', 'somebody', ['IP:127.0.0.1'], ['--xds-identity', 'bound']],
    ['another node', 'other.default', ['DNS:other.default'], ['--xds-identity', 'bound']],
    ['an account that does not run here', 'somebody', [account], ['--xds-identity', 'bound']],
    ['nobody, where it listens beyond loopback', 'somebody', ['IP:127.0.0.1'], ['--xds', '0.0.0.0:0']],
  ])('X14: one that names %s does not, and is told so', async (_, common, names, options) => {
    const { port, connected, put, refusals } = await serving(...asking(), ...options)
    await put(instance('web-1', 'web', '127.0.0.9', { serviceAccount: 'another' }))
    const running = await started(port, issuer.sign(common, names), 'started')
    await vi.waitFor(async () => expect(await refusals()).toBeGreaterThan(0), 10_000)
    expect(await connected()).toEqual([])
    await vi.waitFor(() => expect(running.output()).toContain(`may%20not%20be%20${node}`), 10_000)
  })

  test('X13: options that do not fit, and files that are no certificates, are told', async () => {
    const serve = (...args: string[]) =>
      runRutter(['serve', '--log', 'memory', '--http', '127.0.0.1:0', '--xds', '127.0.0.1:0', ...args])
    expect(await serve('--xds-cert', ours.cert)).toMatchObject({ code: 64 })
    expect(await serve('--xds-ca', ours.ca)).toMatchObject({ code: 64 })
    const unbound = ['--xds-cert', ours.cert, '--xds-key', ours.key, '--xds-identity', 'bound']
    expect(await serve(...unbound)).toMatchObject({ code: 64, err: expect.stringContaining('--xds-ca') })
    const absent = await serve('--xds-cert', '/nope', '--xds-key', ours.key)
    expect(absent).toMatchObject({ code: 2, err: expect.stringContaining('/nope cannot be read') })
    const mixed = await serve('--xds-cert', ours.cert, '--xds-key', strange.key)
    expect(mixed).toMatchObject({ code: 2, err: expect.stringContaining(strange.key) })
    const beyond = await runRutter([
      'serve',
      '--log',
      'memory',
      '--http',
      '127.0.0.1:0',
      '--xds',
      '0.0.0.0:0',
    ])
    expect(beyond).toMatchObject({ code: 64, err: expect.stringContaining('--xds-ca asks for certificates') })
  })
})
