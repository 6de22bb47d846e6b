import { describe, expect, test } from 'vitest'
import { rule, service } from './documents.ts'
import { onServer } from './onServer.ts'
import { runCli } from './runCli.ts'

describe('rutter get, describe, delete', () => {
  const { rutter, file } = onServer()

  test('K9: a table, JSON and YAML show the same resources', async () => {
    await rutter(['apply', '-f', await file('a.yaml', `${service('reviews')}---\n${service('details')}`)])
    expect((await rutter(['get', 'services'])).out).toBe(
      'KIND     NAMESPACE  NAME\nService  default    details\nService  default    reviews\n',
    )
    expect(JSON.parse((await rutter(['get', 'SERVICE', '-o', 'json'])).out)).toMatchObject({
      position: 1,
      items: [{ metadata: { name: 'details' } }, { metadata: { name: 'reviews' } }],
    })
    const yaml = (await rutter(['get', 'service', 'reviews', '-o', 'yaml'])).out
    expect((await rutter(['apply', '-f', '-'], { stdin: yaml })).out).toBe(
      'service/default/reviews unchanged at 1\n',
    )
  })

  test('K9: what is not there ends with 1', async () => {
    const { code, err } = await rutter(['get', 'service', 'reviews'])
    expect(code).toBe(1)
    expect(err).toContain('Service/default/reviews')
  })

  test('K9: all kinds of one namespace, in every form', async () => {
    const there = service('details').replace('{name: details}', '{name: details, namespace: there}')
    await rutter(['apply', '-f', await file('a.yaml', `${service('reviews')}---\n${there}`)])
    const { items } = JSON.parse((await rutter(['get', 'all', '-n', 'there', '-o', 'json'])).out)
    expect(items).toMatchObject([{ metadata: { name: 'details', namespace: 'there' } }])
    expect((await rutter(['get', 'all', '-n', 'there'])).out.split('\n')).toHaveLength(3)
  })

  test('K9: --at shows the past', async () => {
    await rutter(['apply', '-f', await file('a.yaml', service('reviews', 9080))])
    await rutter(['apply', '-f', await file('a.yaml', service('reviews', 9090))])
    expect((await rutter(['get', 'service', 'reviews', '-o', 'yaml', '--at', '1'])).out).toContain('9080')
    expect((await rutter(['get', 'service', 'reviews', '-o', 'yaml'])).out).toContain('9090')
    expect((await rutter(['get', 'services', '--at', '99'])).code).toBe(1)
    expect((await rutter(['get', 'services', '--at', 'once'])).code).toBe(65)
  })

  test('K9: describe shows a resource and what is the matter with it', async () => {
    await rutter(['apply', '-f', await file('r.yaml', rule('r', 50))])
    const { code, out } = await rutter(['describe', 'routerule', 'r'])
    expect(code).toBe(0)
    expect(out).toMatch(/name: r\n[\s\S]*\n# warning RUT2/)
    expect((await rutter(['diagnostics'])).out).toMatch(/warning +RUT2\d+ +routerule\/default\/r /)
  })

  test('K10: by name and by file, once', async () => {
    const files = await file('a.yaml', `${service('reviews')}---\n${service('details')}`)
    await rutter(['apply', '-f', files])
    expect((await rutter(['delete', 'service', 'reviews'])).out).toBe(
      'service/default/reviews deleted at 2\n',
    )
    const { code, out, err } = await rutter(['delete', '-f', files])
    expect(code).toBe(1)
    expect(out).toBe('service/default/details deleted at 3\n')
    expect(err).toContain('Service/default/reviews')
  })
})

describe('rutter events, wait, proxies', () => {
  const { rutter, file, controller } = onServer()

  test('K11: one entry a line, from a position on', async () => {
    for (const name of ['a', 'b', 'c']) await rutter(['apply', '-f', await file('s.yaml', service(name))])
    const { out } = await rutter(['events', '-o', 'json', '--from', '2'])
    const entries = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(entries.map(({ position, events }) => [position, events[0].data.resource.metadata.name])).toEqual([
      [2, 'b'],
      [3, 'c'],
    ])
    expect((await rutter(['events'])).out).toMatch(
      /^1 {2}\S+Z {2}ServiceRegistered service\/default\/a {2}anonymous via http\n2 /,
    )
  })

  test('K12: with nobody to wait for it is done at once; a position that never comes ends with 1', async () => {
    const done = await rutter(['wait', '-o', 'json'])
    expect(done.code).toBe(0)
    expect(JSON.parse(done.out)).toMatchObject({ position: 0, acknowledged: 0, proxies: [] })
    expect(await rutter(['wait'])).toEqual({
      code: 0,
      out: 'position 0: 0 acknowledged, 0 unaffected, 0 rejected, 0 pending, 0 silent\n',
      err: '',
    })
    expect(await rutter(['wait', '7', '--timeout', '1ms'])).toMatchObject({ code: 1, out: '' })
  })

  test('K17: the fleet, and what a proxy should have though it never came', async () => {
    await rutter(['apply', '-f', await file('s.yaml', service('reviews'))])
    expect((await rutter(['proxies'])).out).toBe('PROXY  TYPE  STATE  CONNECTED  ACKED\n')
    const node = 'sidecar~10.0.0.1~web~default.svc.cluster.local'
    const { out } = await rutter(['proxy', node, 'clusters'])
    expect(out).toContain('outbound|9080||reviews.default.svc.cluster.local')
    const all = JSON.parse((await rutter(['proxy', node, 'clusters', '-o', 'json'])).out)
    expect(all.items.map((one: { name: string }) => one.name)).toContain(
      'outbound|9080||reviews.default.svc.cluster.local',
    )
    expect((await rutter(['proxy', 'sidecar~nonsense~a~b'])).code).toBe(65)
  })

  test('K21: what an answer holds cannot command a terminal', async () => {
    const { table } = await import('../../src/cli/table.ts')
    expect(table(['A'], [['red \u001b[31m']])).toBe('A\nred ·[31m\n')
    expect(controller().controller.ready()).toBe(true)
  })
})

describe('rutter lint', () => {
  const { file, rutter } = onServer()
  const lint = async (text: string, ...args: string[]) =>
    runCli(['lint', '-f', await file('lint.yaml', text), ...args])

  test('K8: good documents end with 0 and say nothing', async () => {
    expect(await lint(service('reviews'))).toEqual({ code: 0, out: '', err: '' })
  })

  test('K8: invalid input ends with 65, every problem told', async () => {
    const { code, err } = await lint(`${rule('a', 90, 20)}---\n${rule('b', 70, 20)}`)
    expect(code).toBe(65)
    expect(err.match(/RUT1318/g)).toHaveLength(2)
  })

  test('K8: warnings end with 0, with --strict with 1', async () => {
    const text = `${service('reviews')}---\n${rule('a', 50)}`
    const { code, err } = await lint(text)
    expect(code).toBe(0)
    expect(err).toMatch(/lint\.yaml:\d+:\d+ warning RUT2/)
    expect((await lint(text, '--strict')).code).toBe(1)
    expect(JSON.parse((await lint(text, '-o', 'json')).out).diagnostics[0]).toMatchObject({
      severity: 'warning',
      resource: 'routerule/default/a',
    })
  })

  test('K8: against a server it has the same form', async () => {
    const bad = await file('bad.yaml', rule('r', 90, 20))
    const offline = await runCli(['lint', '-f', bad, '-o', 'json'])
    expect(await rutter(['lint', '-f', bad, '-o', 'json'])).toEqual(offline)
    expect(offline.code).toBe(65)
  })

  test('K8: the same resource twice is invalid', async () => {
    const { code, err } = await lint(`${service('a')}---\n${service('a')}`)
    expect(code).toBe(65)
    expect(err).toMatch(/lint\.yaml:\d+:1 conflict/)
  })
})
