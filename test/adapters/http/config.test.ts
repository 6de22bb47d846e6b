import { describe, expect, test } from 'vitest'
import { service, serviceYaml } from './resources.ts'
import { json, serve, yaml } from './serve.ts'

const reviews = '/api/v1/config/service/default/reviews'

describe('configuration over HTTP', () => {
  test('H1: a new resource is 201, a changed one 200, and both say where it last changed', async () => {
    const { ask } = await serve()
    const created = await ask(reviews, json('PUT', service('reviews')))
    expect(created.status).toBe(201)
    expect(created.body).toMatchObject({
      position: 1,
      outcome: 'created',
      resource: service('reviews'),
      diagnostics: [],
    })
    expect(created.headers.get('location')).toBe(reviews)
    const changed = await ask(reviews, json('PUT', service('reviews', 9081)))
    expect(changed.status).toBe(200)
    expect(changed.body).toMatchObject({ position: 2, outcome: 'changed' })
  })

  test('H2: the same content in whatever order and format appends nothing and answers the old position', async () => {
    const { ask, controller } = await serve()
    await ask(reviews, json('PUT', service('reviews')))
    await ask('/api/v1/config/service/default/ratings', json('PUT', service('ratings')))
    const again = await ask(reviews, yaml('PUT', serviceYaml('reviews')))
    expect(again.status).toBe(200)
    expect(again.body).toMatchObject({ position: 1, outcome: 'unchanged' })
    expect(controller.snapshot().position).toBe(2)
  })

  test('H3: GET sees the acknowledged write, by kind without regard to case, plural, and with its group', async () => {
    const { ask } = await serve()
    await ask(reviews, json('PUT', service('reviews')))
    for (const kind of ['service', 'SERVICE', 'services', 'Service.rutter.dev']) {
      const got = await ask(`/api/v1/config/${kind}/default/reviews`)
      expect(got.status).toBe(200)
      expect(got.body).toEqual(service('reviews'))
      expect(got.headers.get('rutter-position')).toBe('1')
    }
    expect((await ask('/api/v1/config/nonsense/default/reviews')).body).toMatchObject({
      status: 404,
      code: 'unknown-kind',
    })
    expect((await ask('/api/v1/config/service/default/absent')).body).toMatchObject({
      status: 404,
      code: 'not-found',
    })
  })

  test('H4: lists hold position and items, sorted, of all, of a kind, of a namespace', async () => {
    const { ask } = await serve()
    const other = { ...service('a'), metadata: { name: 'a', namespace: 'other' } }
    await ask('/api/v1/config', json('POST', [other, service('b'), service('a')]))
    const names = async (path: string) => {
      const { body } = await ask(path)
      expect(body.position).toBe(1)
      return body.items.map(({ metadata }: typeof other) => `${metadata.namespace}/${metadata.name}`)
    }
    expect(await names('/api/v1/config')).toEqual(['default/a', 'default/b', 'other/a'])
    expect(await names('/api/v1/config/Service')).toEqual(['default/a', 'default/b', 'other/a'])
    expect(await names('/api/v1/config/Service/other')).toEqual(['other/a'])
    expect(await names('/api/v1/config/Service/nowhere')).toEqual([])
    expect(await names('/api/v1/services')).toEqual(['default/a', 'default/b', 'other/a'])
    expect(await names('/api/v1/instances')).toEqual([])
  })

  test('H4: a long list arrives whole', async () => {
    const { ask } = await serve()
    const many = Array.from({ length: 2500 }, (_, i) => service(`s${i}`))
    expect((await ask('/api/v1/config', json('POST', many))).status).toBe(200)
    const { body } = await ask('/api/v1/services')
    expect(body.items).toHaveLength(2500)
    expect(body.position).toBe(1)
  })

  test('H5: DELETE removes and tells where; of something absent it is 404', async () => {
    const { ask } = await serve()
    await ask(reviews, json('PUT', service('reviews')))
    const removed = await ask(reviews, { method: 'DELETE' })
    expect(removed.status).toBe(200)
    expect(removed.body).toMatchObject({ position: 2, outcome: 'removed', resource: service('reviews') })
    expect((await ask(reviews)).status).toBe(404)
    expect((await ask(reviews, { method: 'DELETE' })).status).toBe(404)
  })

  test('H6: If-Match guards a write: tags, lists and * hold, stale and weak ones are 412', async () => {
    const { ask, controller } = await serve()
    await ask(reviews, json('PUT', service('reviews')))
    const tag = (await ask(reviews)).headers.get('etag') ?? ''
    expect(tag).toMatch(/^"1-[0-9a-f]{16}"$/)
    const put = (port: number, ifMatch: string) =>
      ask(reviews, json('PUT', service('reviews', port), { 'if-match': ifMatch }))
    for (const stale of ['"0-0"', `W/${tag}`, '"a", "b"', 'nonsense'])
      expect((await put(1, stale)).body).toMatchObject({ status: 412, code: 'precondition-failed' })
    expect(controller.snapshot().position).toBe(1)
    expect((await put(2, `"x", ${tag}`)).status).toBe(200)
    expect((await put(3, tag)).status).toBe(412)
    const changed = await put(4, '*')
    expect(changed.status).toBe(200)
    expect((await ask(reviews, { method: 'DELETE', headers: { 'if-match': tag } })).status).toBe(412)
    const now = changed.headers.get('etag') ?? ''
    expect((await ask(reviews, { method: 'DELETE', headers: { 'if-match': now } })).status).toBe(200)
    expect((await put(5, '*')).status).toBe(412)
  })

  test('H6: If-None-Match: * creates only, and spares who has it already', async () => {
    const { ask } = await serve()
    const create = () => ask(reviews, json('PUT', service('reviews', 1234), { 'if-none-match': '*' }))
    expect((await create()).status).toBe(201)
    expect((await create()).status).toBe(412)
    const tag = (await ask(reviews)).headers.get('etag') ?? ''
    const again = await ask(reviews, { headers: { 'if-none-match': tag } })
    expect([again.status, again.text]).toEqual([304, ''])
  })

  test('H7: another name, namespace or kind in the document than in the path is 422, with its place', async () => {
    const { ask, controller } = await serve()
    const wrong = await ask(reviews, yaml('PUT', serviceYaml('ratings')))
    expect(wrong.body).toMatchObject({
      status: 422,
      code: 'invalid',
      problems: [{ code: 'name-mismatch', line: 3, column: 18 }],
    })
    expect((await ask('/api/v1/config/service/other/reviews', json('PUT', service('reviews')))).status).toBe(
      422,
    )
    expect(
      (await ask('/api/v1/config/instance/default/reviews', json('PUT', service('reviews')))).status,
    ).toBe(422)
    expect(
      (await ask(reviews, yaml('PUT', `${serviceYaml('reviews')}---\n${serviceYaml('b')}`))).status,
    ).toBe(422)
    expect(controller.snapshot().position).toBe(0)
  })

  test('H8: a batch is one entry, all or none, as YAML stream, JSON array or List', async () => {
    const { ask, controller } = await serve()
    const stream = await ask(
      '/api/v1/config',
      yaml('POST', `${serviceYaml('a')}---\n---\n${serviceYaml('b')}`),
    )
    expect(stream.status).toBe(200)
    expect(stream.body).toMatchObject({
      position: 1,
      items: [{ position: 1, diagnostics: [] }, { position: 1 }],
    })
    const list = { apiVersion: 'v1', kind: 'List', items: [service('a'), service('c')] }
    const mixed = await ask('/api/v1/config', json('POST', list))
    expect(
      mixed.body.items.map(({ outcome, position }: { outcome: string; position: number }) => [
        outcome,
        position,
      ]),
    ).toEqual([
      ['unchanged', 1],
      ['created', 2],
    ])
    const broken = await ask('/api/v1/config', json('POST', [service('d'), { ...service('e'), spec: {} }]))
    expect(broken.body).toMatchObject({ status: 422, code: 'invalid' })
    expect(controller.snapshot().position).toBe(2)
    expect((await ask('/api/v1/config/service/default/d')).status).toBe(404)
  })

  test('H8: an empty batch is 400, the same resource twice 409', async () => {
    const { ask } = await serve()
    for (const empty of ['[]', ''])
      expect((await ask('/api/v1/config', json('POST', empty))).body).toMatchObject({
        status: 400,
        code: 'empty-body',
      })
    expect((await ask('/api/v1/config', yaml('POST', '---\n---\n'))).status).toBe(400)
    const twice = await ask('/api/v1/config', json('POST', [service('a'), service('a', 1)]))
    expect(twice.body).toMatchObject({ status: 409, code: 'conflict' })
  })

  test('H9: files name themselves in problems and in the log', async () => {
    const { ask } = await serve()
    const files = (texts: unknown) =>
      ask('/api/v1/config', json('POST', texts, { 'content-type': 'application/vnd.rutter.files+json' }))
    const bad = await files([
      { file: 'good.yaml', text: serviceYaml('a') },
      { file: 'bad.yaml', text: serviceYaml('b').replace('9080', '908000') },
      { file: 'worse.yaml', text: '{' },
    ])
    expect(bad.body).toMatchObject({ status: 400, code: 'malformed' })
    expect(bad.body.problems.map(({ file }: { file: string }) => file)).toEqual(
      expect.arrayContaining(['bad.yaml', 'worse.yaml']),
    )
    expect(bad.body.problems[0]).toMatchObject({ file: 'bad.yaml', line: 6 })
    expect(
      (
        await files([
          { file: 'x.yaml', text: `---\n${serviceYaml('a')}` },
          { file: 'y.json', text: JSON.stringify(service('b')) },
        ])
      ).status,
    ).toBe(200)
    const log = await ask('/api/v1/events', { headers: { accept: 'application/json' } })
    expect(log.body.items[0].events.map(({ data }: { data: { origin: unknown } }) => data.origin)).toEqual([
      { file: 'x.yaml', line: 2 },
      { file: 'y.json', line: 1 },
    ])
    for (const wrong of [
      {},
      [{ file: 1, text: '' }],
      [{ file: 'a', text: 'b', more: 1 }],
      [{ file: 'a\u0000', text: '' }],
    ])
      expect((await files(wrong)).status).toBe(400)
  })

  test('H10: a dry run answers as the write would, at the log’s end, and appends nothing', async () => {
    const { ask, controller } = await serve()
    await ask(reviews, json('PUT', service('reviews')))
    await ask('/api/v1/config/service/default/b', json('PUT', service('b')))
    const put = await ask('/api/v1/config/service/default/c?dryRun=true', json('PUT', service('c')))
    expect([put.status, put.body.position, put.body.outcome]).toEqual([201, 2, 'created'])
    expect((await ask(`${reviews}?dryRun=true`, { method: 'DELETE' })).body).toMatchObject({
      outcome: 'removed',
    })
    expect((await ask('/api/v1/config?dryRun=true', json('POST', [service('d')]))).status).toBe(200)
    expect((await ask('/api/v1/config?dryRun=true', json('POST', [service('d'), service('d')]))).status).toBe(
      409,
    )
    expect(controller.snapshot().position).toBe(2)
    expect((await ask(`${reviews}?dryRun=false`, json('PUT', service('reviews', 1)))).body.position).toBe(3)
    for (const query of ['dryRun=1', 'dryRun=', 'dryRun=TRUE', 'dryRun=true&dryRun=true', 'dryrun=true'])
      expect((await ask(`${reviews}?${query}`, json('PUT', service('reviews', 2)))).status).toBe(400)
    expect(controller.snapshot().position).toBe(3)
  })

  test('H11: ?at= shows the past by position and time; unreadable 400, beyond the end 404', async () => {
    const { ask, controller } = await serve()
    await ask(reviews, json('PUT', service('reviews')))
    const { at } = controller.snapshot()
    await ask(reviews, json('PUT', service('reviews', 1)))
    const portAt = async (when: string) =>
      (await ask(`${reviews}?at=${encodeURIComponent(when)}`)).body?.spec?.ports[0].port
    expect([await portAt('1'), await portAt('2'), await portAt(at)]).toEqual([9080, 1, 9080])
    expect((await ask(`${reviews}?at=0`)).status).toBe(404)
    expect((await ask('/api/v1/services?at=1')).body.position).toBe(1)
    expect((await ask(`${reviews}?at=3`)).body).toMatchObject({ status: 404, code: 'beyond-end' })
    for (const at of ['', 'yesterday', '-1', '1&at=2'])
      expect((await ask(`${reviews}?at=${at}`)).status).toBe(400)
  })

  test('H12: YAML goes out to who asks for it', async () => {
    const { ask } = await serve()
    await ask(reviews, json('PUT', service('reviews')))
    const got = await ask(reviews, { headers: { accept: 'application/yaml' } })
    expect(got.headers.get('content-type')).toMatch(/^application\/yaml/)
    expect((await ask('/api/v1/config', yaml('POST', got.text))).body.items[0].outcome).toBe('unchanged')
  })
})
