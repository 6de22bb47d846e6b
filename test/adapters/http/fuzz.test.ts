import fc from 'fast-check'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { httpApp } from '../../../src/adapters/http/httpApp.ts'
import { miniController } from './miniController.ts'
import { service, serviceYaml } from './resources.ts'

const files = JSON.stringify([{ file: 'a.yaml', text: serviceYaml('c') }])
const rule = `apiVersion: config.istio.io/v1alpha2
kind: RouteRule
metadata: {name: r}
spec: {destination: {name: a}, precedence: 1, route: [{labels: {version: v1}, weight: 100}]}
`
const valid = [
  JSON.stringify(service('a')),
  JSON.stringify([service('a'), service('b')]),
  JSON.stringify([service('a'), service('a', 1)]),
  serviceYaml('a'),
  `${serviceYaml('a')}---\n${rule}`,
  rule,
  files,
  '{"apiVersion":"v1","kind":"List","items":[]}',
]

const noise = fc.oneof(
  fc.constantFrom(
    '\0',
    '---\n',
    '__proto__',
    'constructor',
    '*a',
    '&a ',
    '!!js/function',
    '\ud800',
    '9e999',
    '{',
    '[',
    '"',
  ),
  fc.string({ maxLength: 8, unit: 'binary' }),
)

/** A good text with pieces cut out, doubled and put in. */
const mutated = fc
  .tuple(
    fc.constantFrom(...valid),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 12 }), noise), { maxLength: 4 }),
  )
  .map(([text, edits]) =>
    edits.reduce((before, [at, cut, put]) => {
      const from = at % (before.length + 1)
      return before.slice(0, from) + put + before.slice(from + cut)
    }, text),
  )

const body = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...valid).map((text) => Buffer.from(text)) },
  { weight: 5, arbitrary: mutated.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.json().map((text) => Buffer.from(text)) },
)

const segment = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('a', 'b', 'default', 'service', 'routerules', 'Sidecar.networking.istio.io'),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('%ff', '%', '%00', '..', '%2e%2e', '%2F', 'sidecar~1.1.1.1~a~b', 'clusters'),
  },
  { weight: 1, arbitrary: fc.webSegment() },
)
const start = fc.constantFrom(
  'config',
  'config',
  'config',
  'proxies',
  'services',
  'events',
  'wait',
  'snapshot',
  'diagnostics',
)
const anyPath = fc
  .tuple(start, fc.array(segment, { maxLength: 4 }))
  .map(([first, rest]) => `/api/v1/${[first, ...rest].join('/')}`)
const goodPath = fc.constantFrom(
  '/api/v1/config',
  '/api/v1/config/service/default/a',
  '/api/v1/config/RouteRule/default/r',
)
const path = fc.oneof(anyPath, goodPath)
const methodAndPath = fc.oneof(
  fc.tuple(fc.constantFrom<string[]>('PUT', 'POST', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH'), path),
  fc.constantFrom<[string, string]>(
    ['PUT', '/api/v1/config/service/default/a'],
    ['PUT', '/api/v1/config/RouteRule/default/r'],
    ['DELETE', '/api/v1/config/service/default/a'],
    ['POST', '/api/v1/config'],
    ['POST', '/api/v1/config'],
  ),
)

const query = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'dryRun=true',
      'at=1',
      'at=2026-01-01T00:00:00Z',
      'from=1&limit=2',
      'position=1',
    ),
  },
  { weight: 1, arbitrary: fc.webQueryParameters() },
  { weight: 1, arbitrary: fc.webQueryParameters().map((value) => `at=${value}`) },
)

const text = fc.string({ maxLength: 20 })
const mostly = <T>(good: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 15, arbitrary: good }, { weight: 1, arbitrary: odd })
const headers = fc.record(
  {
    'content-type': fc.oneof(
      {
        weight: 6,
        arbitrary: fc.constantFrom(
          'application/json',
          'application/yaml',
          'text/yaml',
          'application/vnd.rutter.files+json',
        ),
      },
      { weight: 1, arbitrary: text },
    ),
    'if-match': fc.oneof(fc.constantFrom('*', '"1-0"', 'W/"1"', ''), text),
    'if-none-match': fc.oneof(fc.constantFrom('*', '"1-0"'), text),
    'last-event-id': fc.oneof(fc.nat().map(String), text),
    'content-encoding': mostly(fc.constant('identity'), fc.constantFrom('gzip', 'br')),
    origin: mostly(fc.constant('http://localhost:80'), fc.oneof(fc.constant('null'), text)),
    host: mostly(fc.constant('localhost:80'), text),
  },
  { requiredKeys: ['content-type'] },
)

const request = fc.record({
  methodAndPath,
  query,
  // Half of all requests bring nothing but a type, so that they come through to the codecs.
  headers: fc.oneof(
    headers,
    headers.map((all) => ({ 'content-type': all['content-type'] })),
  ),
  body,
})

test('H31: no request in 20,000 breaks anything inside, and what is refused appends nothing', {
  timeout: 180_000,
}, async () => {
  const controller = miniController()
  const logged: string[] = []
  const stop = new AbortController()
  const app = await httpApp(controller, {
    host: '127.0.0.1',
    metrics: new Registry(),
    version: '0.0.0',
    stop: stop.signal,
    log: (line) => logged.push(line),
  })
  const seen = new Map<number, number>()
  await fc.assert(
    fc.asyncProperty(request, async ({ methodAndPath: [method, path], query, headers, body }) => {
      const before = controller.snapshot().position
      // Streams have no end to wait for, and waits should not take their time.
      const url = `${path}?${path.endsWith('/wait') ? `timeout=1ms&${query}` : query}`
      const answer = await app.inject({
        method: method as 'GET',
        url,
        headers: { ...headers, accept: 'application/json' },
        ...(method === 'GET' || method === 'HEAD' ? {} : { payload: body }),
      })
      seen.set(answer.statusCode, (seen.get(answer.statusCode) ?? 0) + 1)
      expect(answer.statusCode).toBeLessThan(500)
      const after = controller.snapshot().position
      const writes = ['PUT', 'POST', 'DELETE'].includes(method)
      expect(after - before).toBeLessThanOrEqual(writes && answer.statusCode < 300 ? 1 : 0)
      if (answer.statusCode < 400 || method === 'HEAD') return
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(answer.json()).toMatchObject({ status: answer.statusCode, code: expect.any(String) })
    }),
    { seed: 20_170_524, numRuns: 20_000 },
  )
  expect(logged).toEqual([])
  expect(({} as Readonly<Record<string, unknown>>)['polluted']).toBeUndefined()
  // The requests must have come through to every kind of answer, else the search was blind.
  for (const status of [200, 201, 204, 400, 403, 404, 405, 409, 412, 415, 421, 422])
    expect([status, (seen.get(status) ?? 0) > 0]).toEqual([status, true])
  stop.abort()
  await app.close()
  await controller.close()
})
