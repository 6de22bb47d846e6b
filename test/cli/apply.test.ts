import { describe, expect, test } from 'vitest'
import { rule, service } from './documents.ts'
import { onServer } from './onServer.ts'
import { runCli } from './runCli.ts'

describe('rutter apply', () => {
  const { rutter, file, path } = onServer()

  test('K1: each resource has its line; what changes nothing keeps its position', async () => {
    const reviews = await file('reviews.yaml', service('reviews'))
    expect(await rutter(['apply', '-f', reviews])).toEqual({
      code: 0,
      out: 'service/default/reviews applied at 1\n',
      err: '',
    })
    const both = await file('both.yaml', `${service('reviews')}---\n${service('ratings')}`)
    const { out } = await rutter(['apply', '-f', both])
    expect(out).toBe('service/default/reviews unchanged at 1\nservice/default/ratings applied at 2\n')
  })

  test('K2: a directory goes in whole, sorted by path, other files left out', async () => {
    await file('mesh/b.yaml', service('ratings'))
    await file(
      'mesh/a/c.json',
      JSON.stringify({
        apiVersion: 'rutter.dev/v1',
        kind: 'Service',
        metadata: { name: 'details' },
        spec: { ports: [{ name: 'http', port: 80 }] },
      }),
    )
    await file('mesh/d.yml', service('reviews'))
    await file('mesh/README.md', 'not a document')
    const { out, code } = await rutter(['apply', '-f', path('mesh')])
    expect(code).toBe(0)
    expect(out.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'service/default/details',
      'service/default/ratings',
      'service/default/reviews',
      '',
    ])
  })

  test('K2: one bad file keeps all others out', async () => {
    await file('mesh/a.yaml', service('ratings'))
    await file('mesh/b.yaml', rule('r', 90, 20))
    expect((await rutter(['apply', '-f', path('mesh')])).code).toBe(65)
    expect(JSON.parse((await rutter(['get', 'all', '-o', 'json'])).out)).toEqual({ position: 0, items: [] })
  })

  test('K3: an error tells file, line, column, code and shows the lines around it', async () => {
    const bad = await file('bad.yaml', rule('r', 90, 20))
    const { code, out, err } = await rutter(['apply', '-f', bad])
    expect(code).toBe(65)
    expect(out).toBe('')
    expect(err).toMatch(new RegExp(`^${bad}:\\d+:\\d+ RUT\\d+ .*110`))
    expect(err).toMatch(/^> 6 \| {3}route:|^> 7 \| /m)
  })

  test('K3: a file that is not UTF-8 is refused with its place', async () => {
    const bad = await file('bad.yaml', Buffer.concat([Buffer.from('a: 1\nb: '), Buffer.from([0xff])]))
    const { code, err } = await rutter(['apply', '-f', bad])
    expect(code).toBe(65)
    expect(err).toMatch(`${bad}:2:4 RUT1004`)
  })

  test('K3: a file that is not there, or a directory without documents, is bad input', async () => {
    expect((await rutter(['apply', '-f', path('nowhere.yaml')])).code).toBe(65)
    await file('empty/README.md', '')
    const { code, err } = await rutter(['apply', '-f', path('empty')])
    expect(code).toBe(65)
    expect(err).toContain('holds no .yaml')
  })

  test('K4: -o json is what HTTP answers, alone on stdout', async () => {
    const reviews = await file('reviews.yaml', service('reviews'))
    const { out, err } = await rutter(['apply', '-f', reviews, '-o', 'json'])
    expect(JSON.parse(out)).toMatchObject({
      position: 1,
      items: [{ position: 1, resource: { kind: 'Service' } }],
    })
    expect(err).toBe('')
  })

  test('K4: -o json prints what HTTP answers to what it refuses, too, beside the lines on stderr', async () => {
    const bad = await file('bad.yaml', rule('r', 90, 20))
    const { code, out, err } = await rutter(['apply', '-f', bad, '-o', 'json'])
    expect(code).toBe(65)
    expect(JSON.parse(out)).toMatchObject({ status: 422, code: 'invalid', problems: [{ file: bad }] })
    expect(err).toMatch(`${bad}:`)
    const bytes = await file('bytes.yaml', Buffer.from([0xff]))
    const unread = await rutter(['apply', '-f', bytes, '-o', 'json'])
    expect(JSON.parse(unread.out)).toMatchObject({ status: 400, problems: [{ code: 'RUT1004' }] })
  })

  test('K4: diagnostics go to stderr, with their place', async () => {
    const both = await file('both.yaml', `${service('reviews')}---\n${rule('r', 100, 0)}`)
    const { code, err } = await rutter(['apply', '-f', both])
    expect(code).toBe(0)
    expect(err).toMatch(new RegExp(`^${both}:1\\d:\\d+ warning RUT2`))
  })

  test('K5: a dry run says what would be, and nothing is', async () => {
    const reviews = await file('reviews.yaml', service('reviews'))
    const { out } = await rutter(['apply', '-f', reviews, '--dry-run'])
    expect(out).toBe('service/default/reviews would be applied\n')
    expect(JSON.parse((await rutter(['get', 'all', '-o', 'json'])).out).position).toBe(0)
  })

  test('K1: - reads stdin', async () => {
    const { out } = await rutter(['apply', '-f', '-'], { stdin: service('reviews') })
    expect(out).toBe('service/default/reviews applied at 1\n')
  })

  test('K12: --wait answers for the position that was applied', async () => {
    const reviews = await file('reviews.yaml', service('reviews'))
    const { code, out } = await rutter(['apply', '-f', reviews, '--wait', '-o', 'json'])
    expect(code).toBe(0)
    expect(JSON.parse(out).wait).toMatchObject({ position: 1, pending: 0, rejected: 0 })
  })

  test('K6: a server that is not there ends with 69', async () => {
    const reviews = await file('reviews.yaml', service('reviews'))
    const { code, err } = await rutter(['apply', '-f', reviews, '--server', 'http://127.0.0.1:1'])
    expect(code).toBe(69)
    expect(err).toContain('cannot reach the controller at http://127.0.0.1:1')
    expect((await rutter(['apply', '-f', reviews, '--server', 'nonsense'])).code).toBe(69)
  })
})

describe('wrong usage', () => {
  test.each([
    [['aply'], 'Did you mean apply?'],
    [['apply'], '--file'],
    [['get'], 'kind'],
    [['get', 'servics'], 'services'],
    [['wait', 'soon'], 'whole number'],
    [['wait', '--timeout', 'soon'], '30s'],
    [['serve', '--http', 'nowhere'], 'HOST:PORT'],
    [['serve', '--log', 'memory', '--xds', '0.0.0.0:0'], '--insecure'],
    [['bootstrap', '--node', 'a~b~c~d', '--xds', '127.0.0.1:1'], 'type'],
    [['bootstrap', '--node', 'a', '--xds', '127.0.0.1:1', '--xds-cert', 'x'], '--xds-key'],
    [['delete', 'service'], 'name'],
    [['delete', 'servce', 'a'], 'services'],
    [['describe', 'servce', 'a'], 'services'],
    [['events', '--no-such'], '--no-such'],
    [['proxy', 'n', 'runtimes'], 'clusters'],
  ])('K7: rutter %j ends with 64 and says what is wrong', async (args, said) => {
    const { code, out, err } = await runCli(args)
    expect(code).toBe(64)
    expect(out).toBe('')
    expect(err).toContain(said)
  })

  test('K7: help is no error', async () => {
    for (const args of [['--help'], ['help', 'apply'], ['apply', '--help'], ['--version']]) {
      expect((await runCli(args)).code).toBe(0)
    }
  })
})
