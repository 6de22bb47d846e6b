import { describe, expect, test } from 'vitest'
import { service } from './resources.ts'
import { json, serve } from './serve.ts'

const sidecar = 'sidecar~127.0.1.5~reviews-v2-a.default~default.svc.cluster.local'

const request = (more: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  json('POST', { node: { id: sidecar, extensions: [{ name: 'x' }] }, ...more }, headers)

describe('discovery over REST', () => {
  test('H36: a DiscoveryRequest in either spelling is answered with its type, and 304 where the version is known', async () => {
    const { ask } = await serve()
    const { status, body } = await ask('/v3/discovery:clusters', request())
    const type_url = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'
    expect(status).toBe(200)
    expect(body).toEqual({
      version_info: expect.stringMatching(/^[\w-]{22}$/),
      resources: [{ '@type': type_url, name: `clusters of ${sidecar}`, position: 0 }],
      type_url,
    })
    for (const same of [
      { version_info: body.version_info, type_url },
      { versionInfo: body.version_info, typeUrl: type_url },
    ])
      expect(await ask('/v3/discovery:clusters', request(same))).toMatchObject({ status: 304, text: '' })
    await ask('/api/v1/config/service/default/a', json('PUT', service('a')))
    const later = await ask('/v3/discovery:clusters', request({ version_info: body.version_info }))
    expect(later.status).toBe(200)
    expect(later.body.version_info).not.toBe(body.version_info)
  })

  test('H36: of names that are asked for only these are answered', async () => {
    const { ask } = await serve()
    for (const type of ['endpoints', 'routes', 'listeners']) {
      const named = await ask(
        `/v3/discovery:${type}`,
        request({ resource_names: [`${type} of ${sidecar}`, 'other'] }),
      )
      expect(named.body.resources).toHaveLength(1)
      const none = await ask(`/v3/discovery:${type}`, request({ resourceNames: ['other'] }))
      expect(none.body.resources).toEqual([])
    }
  })

  test.each([
    ['{', 'bad JSON'],
    ['[]', 'no map'],
    ['{"node": {}}', 'no node id'],
    ['{"node": {"id": "pod~127.0.0.1~a~b"}}', 'a node id that is none'],
    ['{"node": {"id": "a"}, "resource_names": "b"}', 'names that are no list'],
    ['{"node": {"id": "a"}, "type_url": "type.googleapis.com/a.B"}', 'another type'],
  ])('H36: %s is 400: %s', async (body) => {
    const { ask } = await serve()
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body }
    const answer = await ask('/v3/discovery:clusters', sent)
    expect(answer.body).toMatchObject({ status: 400, code: 'malformed' })
  })

  test('H36: an Envoy may name its cluster as the host, and no page its own name', async () => {
    const { server } = await serve()
    const { request: send } = await import('node:http')
    const statusFor = (host: string) =>
      new Promise<number | undefined>((done, fail) => {
        const sent = send(
          `${server.url}/v3/discovery:clusters`,
          { method: 'POST', headers: { host, 'content-type': 'application/json' } },
          (answer) => done(answer.resume().statusCode),
        )
        sent.on('error', fail).end(JSON.stringify({ node: { id: 'a' } }))
      })
    expect(await statusFor('the-controller')).toBe(200)
    expect(await statusFor('evil.example')).toBe(421)
  })
})
