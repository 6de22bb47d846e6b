import { describe, expect, test } from 'vitest'
import type { ProxyStatus } from '../../../src/model/fleet.ts'
import { service } from './resources.ts'
import { json, serve } from './serve.ts'

const sidecar = 'sidecar~127.0.1.5~reviews-v2-a.default~default.svc.cluster.local'

describe('proxies and the mesh over HTTP', () => {
  test('H21: the fleet, and one proxy of it by its id, escaped or not', async () => {
    const { ask, controller } = await serve()
    const status: ProxyStatus = {
      id: sidecar,
      type: 'sidecar',
      connected: true,
      state: 'synced',
      ackedPosition: 0,
      rejections: [],
    }
    controller.setProxies([status])
    expect((await ask('/api/v1/proxies')).body).toEqual({ position: 0, proxies: [status] })
    expect((await ask(`/api/v1/proxies/${sidecar}`)).body).toEqual(status)
    expect((await ask(`/api/v1/proxies/${sidecar.replaceAll('~', '%7E')}`)).body).toEqual(status)
    expect((await ask('/api/v1/proxies/edge-1')).body).toMatchObject({ status: 404, code: 'not-found' })
  })

  test('H22: what any node should have, connected or not, now and in the past; a wrong id is 400', async () => {
    const { ask } = await serve()
    await ask('/api/v1/config/service/default/a', json('PUT', service('a')))
    for (const type of ['clusters', 'endpoints', 'listeners', 'routes']) {
      const { body } = await ask(`/api/v1/proxies/${sidecar}/${type}`)
      expect(body).toEqual({
        position: 1,
        proxy: sidecar,
        items: [{ name: `${type} of ${sidecar}`, position: 1 }],
      })
    }
    const odd = `a/ü ${'x'.repeat(200)}`
    expect((await ask(`/api/v1/proxies/${encodeURIComponent(odd)}/all?at=0`)).body).toEqual({
      position: 0,
      proxy: odd,
      ...Object.fromEntries(
        ['clusters', 'endpoints', 'listeners', 'routes', 'secrets'].map((type) => [
          type,
          [{ name: `${type} of ${odd}`, position: 0 }],
        ]),
      ),
    })
    for (const wrong of [
      'pod~127.0.0.1~a~b',
      'sidecar~1.2.3~a~b',
      '%00',
      'x'.repeat(257),
      encodeURIComponent('ü'.repeat(129)),
    ])
      expect((await ask(`/api/v1/proxies/${wrong}/clusters`)).body).toMatchObject({
        status: 400,
        code: 'bad-node-id',
      })
    expect((await ask(`/api/v1/proxies/${sidecar}/runtimes`)).status).toBe(404)
  })

  test('H23: diagnostics that hold, and what adapters report', async () => {
    const found = { code: 'X', message: 'x', severity: 'warning' } as const
    const { ask, controller } = await serve({
      diagnose: ({ metadata }) => (metadata.name === 'a' ? [found] : []),
    })
    const { body } = await ask('/api/v1/config', json('POST', [service('a'), service('b')]))
    expect(body.items.map(({ diagnostics }: { diagnostics: unknown }) => diagnostics)).toEqual([[found], []])
    controller.report('files/conf', [found])
    expect((await ask('/api/v1/diagnostics')).body).toEqual({
      position: 1,
      items: [{ kind: 'Service', namespace: 'default', name: 'a', diagnostics: [found] }],
      reports: [{ source: 'files/conf', diagnostics: [found] }],
    })
  })

  test('H24: position and hash of the mesh, now and then', async () => {
    const { ask, controller } = await serve()
    const { body: before } = await ask('/api/v1/snapshot')
    expect(before).toEqual({ position: 0, hash: controller.hashOf(controller.snapshot()) })
    await ask('/api/v1/config/service/default/a', json('PUT', service('a')))
    const { body: after } = await ask('/api/v1/snapshot')
    expect([after.position, after.hash === before.hash]).toEqual([1, false])
    expect((await ask('/api/v1/snapshot?at=0')).body).toEqual(before)
  })

  test('H25: waiting answers when the fleet has the position, and ends with the server', async () => {
    const { ask, server } = await serve()
    await ask('/api/v1/config/service/default/a', json('PUT', service('a')))
    const counts = { acknowledged: 0, unaffected: 0, rejected: 0, pending: 0, silent: 0, proxies: [] }
    expect((await ask('/api/v1/wait')).body).toEqual({ position: 1, ...counts })
    const later = ask('/api/v1/wait?position=2&timeout=10m')
    await ask('/api/v1/config/service/default/b', json('PUT', service('b')))
    expect((await later).body.position).toBe(2)
    for (const query of ['position=x', 'position=-1', 'timeout=5', 'timeout=2h', 'timeout=1s&timeout=1s'])
      expect((await ask(`/api/v1/wait?${query}`)).status).toBe(400)
    expect((await ask('/api/v1/wait?position=99&timeout=1ms')).body).toMatchObject({
      status: 404,
      code: 'beyond-end',
    })
    const never = ask('/api/v1/wait?position=99&timeout=1h')
    await ask('/healthz')
    await server.close()
    expect((await never).status).toBe(404)
  })

  test('H26: figures, version and documentation', async () => {
    const { ask } = await serve()
    await ask('/api/v1/services')
    const { text } = await ask('/metrics')
    expect(text).toContain('rutter_http_requests_total{method="GET",route="/api/v1/services",status="200"} 1')
    expect((await ask('/api/v1/version')).body.version).toBe('0.0.0')
    const { body } = await ask('/api/docs/json')
    expect(body.openapi).toMatch(/^3\./)
    expect(Object.keys(body.paths['/api/v1/config/{kind}/{namespace}/{name}']).sort()).toEqual([
      'delete',
      'get',
      'put',
    ])
    expect(Object.keys(body.paths)).toEqual(
      expect.arrayContaining(['/api/v1/events', '/api/v1/wait', '/readyz']),
    )
    const page = await ask('/api/docs/')
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    expect((await ask('/api/docs/static/swagger-ui-bundle.js')).status).toBe(200)
    expect((await ask('/api/docs/static/../../../../package.json')).status).toBe(404)
  })
})
