import { describe, expect, test } from 'vitest'
import { onServer } from './onServer.ts'

const node = 'sidecar~10.1.0.1~caller.default~default.svc.cluster.local'

const mesh = `apiVersion: rutter.dev/v1
kind: Service
metadata: {name: reviews}
spec: {ports: [{name: http, port: 9080}]}
---
apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: jason}
spec:
  destination: {name: reviews}
  precedence: 1
  match: {request: {headers: {x-user: {exact: jason}}}}
  route: [{labels: {version: v2}}]
  rewrite: {uri: /new}
`

describe('rutter explain', () => {
  const { rutter, file, controller } = onServer()

  const question = (body: unknown) =>
    fetch(`${controller().http.url}/api/v1/explain`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })

  test('Q7, Q9: the way of a request, the rule behind it, its file and line', async () => {
    const path = await file('mesh.yaml', mesh)
    await rutter(['apply', '-f', path])
    const { code, out } = await rutter([
      'explain',
      '--proxy',
      node,
      '-H',
      'X-User: jason',
      'http://reviews:9080/old?q',
    ])
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      '✓ listener 0.0.0.0_9080',
      expect.stringMatching(/^✓ filter chain/),
      '✓ route configuration 9080',
      '✓ virtual host reviews.default.svc.cluster.local:9080: by its domain reviews:9080',
      '✓ route RouteRule/default/jason',
      '→ cluster outbound|9080|version=v2|reviews.default.svc.cluster.local (weight 100)',
      '  as reviews:9080 /newold?q',
      expect.stringMatching(/^ {2}by RouteRule\/default\/jason \(position 1, .*mesh\.yaml:6\)$/),
      '',
    ])
  })

  test('Q9: -o json is what HTTP answers; method, several headers and --at are sent', async () => {
    await rutter(['apply', '-f', await file('mesh.yaml', mesh)])
    await rutter(['delete', 'routerule', 'jason'])
    const asked = [
      'explain',
      '--proxy',
      node,
      '-X',
      'POST',
      '-H',
      'x-user: jason',
      '-H',
      'x-user: other',
      '-o',
      'json',
      'http://reviews:9080/',
    ]
    const request = { method: 'POST', url: 'http://reviews:9080/', headers: { 'x-user': ['jason', 'other'] } }
    const now = JSON.parse((await rutter(asked)).out)
    expect(now).toEqual(await (await question({ proxy: node, requests: [request] })).json())
    expect(now.items).toMatchObject([
      { position: 2, proxy: node, request, rule: { kind: 'Service', name: 'reviews', position: 1 } },
    ])
    const then = JSON.parse((await rutter([...asked, '--at', '1'])).out)
    expect(then.items).toMatchObject([
      { position: 1, rule: { kind: 'RouteRule', name: 'jason', position: 1 } },
    ])
  })

  test('Q12: --unix-socket is where the request is sent', async () => {
    const told = await rutter(['explain', '--proxy', node, '--unix-socket', '/run/s', 'http://reviews:9080/'])
    expect(told.out).toContain('✗ listener: none is bound at /run/s')
  })

  test('Q9: wrong usage is 64, a wrong URL 65', async () => {
    expect((await rutter(['explain', 'http://a/'])).code).toBe(64)
    expect((await rutter(['explain', '--proxy', node, '-H', 'nothing', 'http://a/'])).code).toBe(64)
    expect((await rutter(['explain', '--proxy', node, 'reviews'])).code).toBe(65)
  })

  test('Q8: several requests are answered in order, with unknown nodes and without rules', async () => {
    await rutter(['apply', '-f', await file('mesh.yaml', mesh)])
    const requests = [
      { url: 'http://reviews:9080/a' },
      { url: 'http://nobody:9080/' },
      { url: 'http://nobody:1/' },
    ]
    const response = await question({ proxy: node, at: 1, requests })
    expect(response.headers.get('rutter-position')).toBe('1')
    expect(await response.json()).toMatchObject({
      items: [
        {
          request: { method: 'GET', url: 'http://reviews:9080/a', headers: {} },
          outcome: { type: 'cluster', path: '/a' },
        },
        { outcome: { type: 'cluster', clusters: [{ weight: 100 }] }, rule: null },
        { outcome: { type: 'cluster' }, rule: null },
      ],
    })
    const bare = await (await question({ proxy: 'edge-1', requests })).json()
    expect(bare).toMatchObject({ items: requests.map(() => ({ outcome: { type: 'none' }, rule: null })) })
  })

  test.each([
    ['', 400, 'empty-body'],
    ['{', 400, 'malformed'],
    ['[]', 422, 'invalid'],
    [{ proxy: node }, 422, 'invalid'],
    [{ proxy: node, requests: [] }, 422, 'invalid'],
    [{ proxy: node, requests: Array.from({ length: 1001 }, () => ({ url: 'http://a/' })) }, 422, 'invalid'],
    [{ proxy: node, requests: [{ url: 'a' }] }, 422, 'invalid'],
    [{ proxy: node, requests: [{ url: 'http://a/', headers: { 'a b': 'c' } }] }, 422, 'invalid'],
    [{ proxy: node, requests: [{ url: 'http://a/', header: {} }] }, 422, 'invalid'],
    [{ proxy: 'pod~1.2.3.4~a~b', requests: [{ url: 'http://a/' }] }, 400, 'bad-node-id'],
    [{ proxy: node, at: 'once', requests: [{ url: 'http://a/' }] }, 400, 'bad-parameter'],
    [{ proxy: node, at: 99, requests: [{ url: 'http://a/' }] }, 404, 'beyond-end'],
  ])('Q8: what cannot be asked is refused (%j)', async (body, status, code) => {
    const response = await question(body)
    expect(await response.json()).toMatchObject({ status, code })
  })

  test('Q8: a mistake is told with its place', async () => {
    const response = await question('{\n  "proxy": "edge-1",\n  "requests": [{ "url": 7 }]\n}')
    expect(await response.json()).toMatchObject({ problems: [{ line: 3, path: '/requests/0/url' }] })
  })
})
