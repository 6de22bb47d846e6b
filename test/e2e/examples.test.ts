import { readdir, readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { parse } from 'yaml'
import { startController } from '../../src/cli/startController.ts'
import type { Resource } from '../../src/model/resource.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { service } from '../reducers/given.ts'
import { bareClient } from './bareClient.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('examples on real Envoys', () => {
  let mesh: OwnMesh
  let productpage: Workload
  let other: Workload
  let flaky = 0
  const held: ServerResponse[] = []
  const applied: Resource[] = []

  beforeAll(async () => {
    mesh = await startMesh(envoy.path)
    for (const name of ['productpage', 'other', 'reviews', 'ratings']) await mesh.put(service(name))
    for (const [name, namespace] of [
      ['near', 'shared'],
      ['far', 'elsewhere'],
    ] as const)
      await mesh.put({ ...service(name), metadata: { name, namespace } })
    productpage = await mesh.workload('productpage-v1', { service: 'productpage' })
    other = await mesh.workload('other-v1', { service: 'other' })
    for (const version of ['v1', 'v2', 'v3'])
      await mesh.workload(`reviews-${version}`, {
        service: 'reviews',
        version,
        sidecar: false,
        answer: (request, response) => {
          if (request.url === '/held') held.push(response)
          else response.end(`${version} ${request.url}`)
        },
      })
    await mesh.workload('ratings-v1', {
      service: 'ratings',
      sidecar: false,
      answer: (request, response) => {
        if (request.url === '/slow') return void setTimeout(() => response.end('late'), 2_000)
        flaky += 1
        if (request.url === '/flaky' && flaky % 3 !== 0) response.statusCode = 503
        response.end(request.url)
      },
    })
    await mesh.settled()
  })
  afterEach(async () => {
    for (const { kind, metadata } of applied.splice(0)) await mesh.remove(kind, metadata.name)
    await mesh.settled()
  })
  afterAll(() => mesh?.stop())

  const apply = async (path: string): Promise<Resource> => {
    const read = parse(await readFile(`examples/${path}`, 'utf8')) as Resource
    const resource = { ...read, metadata: { ...read.metadata, namespace: 'default' } } as Resource
    await mesh.settled(await mesh.put(resource))
    applied.push(resource)
    return resource
  }
  const answers = async (from: Workload, headers = {}, path = '/', requests = 20) => {
    const seen = new Set<string>()
    for (let i = 0; i < requests; i += 1) seen.add((await from.get('reviews:9080', path, headers)).body)
    return [...seen].sort()
  }

  const anyVersion = ['v1 /', 'v2 /', 'v3 /']

  const effects: Readonly<Record<string, () => Promise<void>>> = {
    'header.yaml': async () => {
      expect(await answers(productpage, { cookie: 'a=b;user=tester' })).toEqual(['v2 /'])
      expect(await answers(productpage, { cookie: 'user=testers' })).toEqual(anyVersion)
    },
    'redirect.yaml': async () => {
      const { status, headers } = await productpage.get('reviews:9080', '/old-reviews')
      expect([status, headers.location]).toEqual([301, 'http://reviews:9080/reviews'])
    },
    'rewrite.yaml': async () => {
      expect(await answers(productpage, {}, '/v1/7')).toEqual(
        anyVersion.map((answer) => `${answer}reviews/7`),
      )
    },
    'timeout.yaml': async () => {
      expect((await productpage.get('ratings:9080', '/slow')).status).toBe(504)
    },
    'retries.yaml': async () => {
      for (let i = 0; i < 5; i += 1)
        expect((await productpage.get('ratings:9080', '/flaky')).status).toBe(200)
    },
    'delay.yaml': async () => {
      const { status, ms } = await productpage.get('ratings:9080', '/', { 'end-user': 'jason' })
      expect(status).toBe(200)
      // Envoy's timers may fire some milliseconds early.
      expect(ms).toBeGreaterThanOrEqual(290)
    },
    'abort.yaml': async () => {
      expect((await productpage.get('ratings:9080', '/ratings/broken/7')).status).toBe(503)
      expect((await productpage.get('ratings:9080', '/ratings/7')).status).toBe(200)
    },
    'source.yaml': async () => {
      expect(await answers(productpage)).toEqual(['v1 /'])
      expect(await answers(other)).toEqual(anyVersion)
    },
    'policy.yaml': async () => {
      const cluster = JSON.stringify(await productpage.envoy?.configDump())
      expect(cluster).toMatch(/"max_connections":1,"max_pending_requests":1\b/)
      expect(cluster).toContain('"lb_policy":"LEAST_REQUEST"')
      const refused: number[] = []
      const ask = async () => {
        const { status } = await productpage.get('reviews:9080', '/held')
        if (status !== 200) refused.push(status)
        return status
      }
      const first = ask()
      await vi.waitFor(() => expect(held).toHaveLength(1), 10_000)
      const others = Array.from({ length: 9 }, ask)
      // Envoy allows each instance a connection all the same, and one request waits.
      await vi.waitFor(() => expect(refused.length).toBeGreaterThanOrEqual(6), 10_000)
      expect(new Set(refused)).toEqual(new Set([503]))
      const letGo = setInterval(() => {
        for (const response of held.splice(0)) response.end()
      }, 10)
      expect(await first).toBe(200)
      await Promise.all(others)
      clearInterval(letGo)
    },
    'scope.yaml': async () => {
      // Clusters that nothing names any more go after a while.
      await vi.waitFor(async () => {
        const dump = JSON.stringify(await productpage.envoy?.configDump())
        expect(dump.includes('near.shared.svc')).toBe(true)
        expect(dump.includes('far.elsewhere.svc')).toBe(false)
      }, 10_000)
      expect(await answers(productpage)).toEqual(anyVersion)
    },
  }

  const shares: Readonly<Record<string, readonly string[]>> = {
    'reviews-v1.yaml': ['v1 /'],
    'reviews-90-10.yaml': ['v1 /', 'v2 /'],
    'reviews-50-50.yaml': ['v1 /', 'v3 /'],
    'reviews-jason.yaml': anyVersion,
  }

  test('K22: every example is among these', async () => {
    expect((await readdir('examples')).sort()).toEqual([
      'bare',
      'connections',
      'demo',
      'istio',
      'mesh',
      'mutual-tls',
      'rules',
    ])
    // connections.test.ts and mutualTls.test.ts see these at work.
    expect((await readdir('examples/connections')).sort()).toEqual(['subnets.yaml', 'weights.yaml'])
    expect((await readdir('examples/mutual-tls')).sort()).toEqual(['mesh.yaml', 'port.yaml'])
    expect((await readdir('examples/demo')).sort()).toEqual([...Object.keys(shares), 'broken.yaml'].sort())
    expect((await readdir('examples/rules')).sort()).toEqual(Object.keys(effects).sort())
    expect(await readdir('examples/bare')).toEqual(['cluster.yaml'])
  })

  test.each(Object.keys(effects))(
    'K22: examples/rules/%s does what it says, without a diagnostic',
    async (file) => {
      const { kind, metadata } = await apply(`rules/${file}`)
      const { items } = await mesh.json<{ items: { kind: string; name: string; severity: string }[] }>(
        '/api/v1/diagnostics',
      )
      const own = items.filter((item) => item.kind === kind && item.name === metadata.name)
      // Nothing is in the namespace `shared` here.
      if (file !== 'scope.yaml') expect(own).toEqual([])
      await effects[file]?.()
    },
  )

  test.each(Object.entries(shares))(
    'K22: examples/demo/%s sends requests where it says',
    async (file, to) => {
      await apply(`demo/${file}`)
      expect(await answers(productpage, {}, '/', 150)).toEqual(to)
      if (file === 'reviews-jason.yaml')
        expect(await answers(productpage, { 'end-user': 'jason' })).toEqual(['v2 /'])
    },
  )

  test('K22: examples/mesh is a directory that a controller may watch', async () => {
    const watching = await startController({
      log: 'memory',
      config: 'examples/mesh',
      http: { host: '127.0.0.1', port: 0 },
      xds: { host: '127.0.0.1', port: 0 },
      version: 'test',
      notice: () => {},
      lost: () => {},
    })
    onTestFinished(() => watching.close())
    const kinds = async (kind: string) =>
      ((await (await fetch(`${watching.http.url}/api/v1/config/${kind}`)).json()) as { items: unknown[] })
        .items.length
    await vi.waitFor(
      async () =>
        expect([await kinds('Service'), await kinds('Instance'), await kinds('MeshSettings')]).toEqual([
          1, 2, 1,
        ]),
      10_000,
    )
    expect(await (await fetch(`${watching.http.url}/api/v1/diagnostics`)).json()).toMatchObject({ items: [] })
  })

  test('K22: examples/bare/cluster.yaml reaches the node that it names', async () => {
    await apply('bare/cluster.yaml')
    const address = `127.0.0.1:${mesh.started.xds.port}`
    const client = bareClient({ address, node: 'edge-1', service: 'clusters', protocol: 'sotw' })
    client.ask('clusters')
    await vi.waitFor(async () => expect(Object.keys((await client.taken()).has)).toEqual(['backend']), 10_000)
    client.close()
  })
})
