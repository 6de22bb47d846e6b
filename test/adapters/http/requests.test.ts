import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { miniController } from './miniController.ts'
import { service, serviceYaml } from './resources.ts'
import { json, type Served, serve, yaml } from './serve.ts'

const reviews = '/api/v1/config/service/default/reviews'

/** Asks with headers that fetch would not send. */
const raw = ({ server }: Served, method: string, path: string, headers: Readonly<Record<string, string>>) =>
  new Promise<{ readonly status: number; readonly type: string; readonly text: string }>(
    (resolve, reject) => {
      const request = httpRequest(
        { host: '127.0.0.1', port: server.port, method, path, headers },
        (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (chunk: string) => {
            text += chunk
          })
          const type = response.headers['content-type'] ?? ''
          response.on('end', () => resolve({ status: response.statusCode ?? 0, type, text }))
        },
      )
      request.on('error', reject).end(headers['content-length'] === undefined ? undefined : 'x')
    },
  )

describe('what HTTP refuses', () => {
  test('H13: a body of another type, charset or coding is 415', async () => {
    const { ask, controller } = await serve()
    const put = (
      headers: Readonly<Record<string, string>>,
      body: string | Uint8Array<ArrayBuffer> = JSON.stringify(service('reviews')),
    ) => ask(reviews, { method: 'PUT', headers, body })
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': '' },
      { 'content-type': ';;' },
      { 'content-type': 'application/json; charset=latin1' },
      { 'content-type': 'application/vnd.rutter.files+json' },
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    ])
      expect((await put(headers)).body).toMatchObject({ status: 415, code: 'unsupported-media-type' })
    const zipped = new Uint8Array(gzipSync(JSON.stringify(service('reviews'))))
    expect(
      (await put({ 'content-type': 'application/json', 'content-encoding': 'gzip' }, zipped)).status,
    ).toBe(415)
    expect(controller.snapshot().position).toBe(0)
    expect((await put({ 'content-type': 'APPLICATION/JSON; Charset="UTF-8"' })).status).toBe(201)
    expect(
      (await ask(reviews, yaml('PUT', serviceYaml('reviews'), { 'content-type': 'text/yaml' }))).status,
    ).toBe(200)
  })

  test('H14: a document above 1 MiB and a batch above 16 MiB are 413', async () => {
    const { ask, controller } = await serve()
    const large = serviceYaml('reviews') + '#'.repeat((1 << 20) + (1 << 17))
    expect((await ask(reviews, yaml('PUT', large))).body).toMatchObject({ status: 413, code: 'too-large' })
    const text = 'x'.repeat(1 << 20)
    const annotated = {
      ...service('a'),
      metadata: { name: 'a', namespace: 'default', annotations: { text } },
    }
    expect((await ask('/api/v1/config', json('POST', [service('b'), annotated]))).status).toBe(413)
    const batch = `${serviceYaml('c')}---\n#${' '.repeat(16 << 20)}`
    expect((await ask('/api/v1/config', yaml('POST', batch))).status).toBe(413)
    const files = [0, 1].map((i) => ({ file: `${i}.yaml`, text: `#${' '.repeat(9 << 20)}` }))
    const many = json('POST', files, { 'content-type': 'application/vnd.rutter.files+json' })
    expect((await ask('/api/v1/config', many)).status).toBe(413)
    expect(controller.snapshot().position).toBe(0)
  })

  test('H14: a document of exactly 1 MiB is taken, whatever line ends it; one byte more is 413', async () => {
    const { ask } = await serve()
    const text = JSON.stringify(service('reviews'))
    const sized = (bytes: number) => text.replace(/\}$/, `${' '.repeat(bytes - text.length)}}`)
    const whole = sized(1 << 20)
    expect(whole).toHaveLength(1 << 20)
    const put = async (body: string) => (await ask(reviews, { ...json('PUT', {}), body })).status
    expect([await put(whole), await put(`${whole}\n`), await put(sized((1 << 20) + 1))]).toEqual([
      201, 200, 413,
    ])
  })

  test('H15: what cannot be read is 400, what is read but refused 422, with line and column', async () => {
    const { ask, controller } = await serve()
    const statusOf = async (body: string | Uint8Array<ArrayBuffer>, type = 'application/yaml') => {
      const {
        status,
        headers,
        body: problem,
      } = await ask(reviews, { method: 'PUT', headers: { 'content-type': type }, body })
      expect(headers.get('content-type')).toBe('application/problem+json')
      expect(problem.status).toBe(status)
      if (body.length > 0)
        expect(problem.problems[0]).toMatchObject({ line: expect.any(Number), column: expect.any(Number) })
      return status
    }
    expect(await statusOf('')).toBe(400)
    expect(await statusOf('a: [')).toBe(400)
    expect(await statusOf('{"a": 1,}', 'application/json')).toBe(400)
    expect(await statusOf('{"a": 1, "a": 2}', 'application/json')).toBe(400)
    expect(await statusOf('a: "\u0000"')).toBe(400)
    expect(await statusOf(new Uint8Array([0x61, 0xff]))).toBe(400)
    expect(await statusOf('a: *nowhere')).toBe(400)
    expect(await statusOf(serviceYaml('reviews').replace('9080', '9007199254740993'))).toBe(422)
    expect(await statusOf('{"__proto__": {"polluted": true}}', 'application/json')).toBe(422)
    expect(await statusOf(serviceYaml('Not_A_Name'))).toBe(422)
    expect(({} as Readonly<Record<string, unknown>>)['polluted']).toBeUndefined()
    expect(controller.snapshot().position).toBe(0)
  })

  test('H16: a known path with another method is 405 with Allow; OPTIONS tells; HEAD is GET without the body', async () => {
    const served = await serve()
    const { ask } = served
    for (const method of ['PATCH', 'POST', 'TRACE', 'PROPFIND', 'PURGE']) {
      const refused = await raw(served, method, reviews, {})
      expect([refused.status, JSON.parse(refused.text).code]).toEqual([405, 'method-not-allowed'])
    }
    const refused = await ask('/api/v1/proxies', { method: 'DELETE' })
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD, OPTIONS'])
    const options = await ask(reviews, { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'DELETE, GET, HEAD, OPTIONS, PUT'])
    await ask(reviews, json('PUT', service('reviews')))
    const head = await ask(reviews, { method: 'HEAD' })
    expect([head.status, head.text, head.headers.has('etag')]).toEqual([200, '', true])
    expect((await ask('/api/v1/events', { method: 'HEAD' })).headers.get('content-type')).toMatch(
      /^text\/event-stream/,
    )
  })

  test('H17: an unknown path, a broken escape and an unknown parameter are problems too', async () => {
    const served = await serve()
    expect((await served.ask('/api/v1/nothing')).body).toMatchObject({ status: 404, code: 'unknown-path' })
    expect((await served.ask('/api/v1/config/service/default/a/b')).status).toBe(404)
    const broken = await raw(served, 'GET', '/api/v1/config/%ff', {})
    expect([broken.status, broken.type]).toEqual([400, 'application/problem+json'])
    expect((await served.ask('/api/v1/services?when=1')).body).toMatchObject({
      status: 400,
      code: 'unknown-parameter',
    })
  })

  test('H18: on loopback a foreign Host is 421: a page cannot rebind its name to reach the mesh', async () => {
    const served = await serve({ allowedHosts: ['console.example'] })
    const asked = async (host: string) => (await raw(served, 'GET', '/api/v1/services', { host })).status
    for (const host of [
      'localhost',
      'LOCALHOST:1',
      '127.0.0.1:8080',
      '127.9.9.9',
      '[::1]:80',
      'console.example:80',
    ])
      expect([host, await asked(host)]).toEqual([host, 200])
    for (const host of [
      'evil.example',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      '10.0.0.1',
      '[::2]',
    ])
      expect([host, await asked(host)]).toEqual([host, 421])
  })

  test('H18: a write from a page of another origin is 403, also a dry one; reading tells the page nothing anyway', async () => {
    const served = await serve()
    const { ask, server, controller } = served
    const put = (origin: string) => ask(reviews, json('PUT', service('reviews'), { origin }))
    for (const origin of [
      'http://evil.example',
      'null',
      'http://127.0.0.1:1',
      server.url.replace('127.0.0.1', 'localhost'),
    ])
      expect((await put(origin)).body).toMatchObject({ status: 403, code: 'foreign-origin' })
    expect(controller.snapshot().position).toBe(0)
    expect((await put(server.url)).status).toBe(201)
    const read = await ask(reviews, { headers: { origin: 'http://evil.example' } })
    expect([read.status, read.headers.has('access-control-allow-origin')]).toEqual([200, false])
  })

  test('H19: until the log is folded everything that needs it is 503; health, figures and version answer', async () => {
    const { ask, controller } = await serve()
    expect([(await ask('/readyz')).status, (await ask('/readyz?verbose')).body.ready]).toEqual([200, true])
    controller.unready()
    for (const path of ['/api/v1/config', '/api/v1/proxies', '/api/v1/snapshot', '/api/v1/events'])
      expect((await ask(path)).body).toMatchObject({ status: 503, code: 'not-ready' })
    expect((await ask(reviews, json('PUT', service('reviews')))).status).toBe(503)
    expect((await ask('/readyz')).status).toBe(503)
    for (const path of ['/healthz', '/metrics', '/api/v1/version', '/api/docs/json'])
      expect([path, (await ask(path)).status]).toEqual([path, 200])
  })

  test('H20: what breaks inside is 500 and tells nothing; the operator reads why', async () => {
    const broken = { ...miniController(), snapshot: () => { throw new Error('secret') } } // biome-ignore format: one line
    const { ask, logged } = await serve({ controller: broken })
    const answer = await ask('/api/v1/config')
    expect(answer.body).toMatchObject({ status: 500, code: 'internal' })
    expect(answer.text).not.toContain('secret')
    expect(logged.join()).toContain('secret')
  })

  test('H17: what is no HTTP is answered with a problem, too', async () => {
    const { server } = await serve()
    const text = await new Promise<string>((resolve) => {
      let seen = ''
      const socket = connect(server.port, '127.0.0.1', () => socket.write('this is not HTTP\r\n\r\n'))
      socket.setEncoding('utf8').on('data', (chunk: string) => {
        seen += chunk
      })
      socket.on('close', () => resolve(seen))
    })
    expect(text).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json.*"code":"bad-request"/s)
  })
})
