import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { docsPath } from '../../../src/adapters/http/docs.ts'
import { knownTokens } from '../../../src/adapters/http/knownTokens.ts'
import { readCertificates } from '../../../src/adapters/readCertificates.ts'
import { askServer } from '../../../src/cli/server.ts'
import { readTokenFile } from '../../../src/codecs/tokenFile.ts'
import { certificates } from '../../certificates.ts'
import { service } from '../../reducers/given.ts'
import { json, serve } from './serve.ts'

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex')
const lines = `# who may ask\n\nalice write sha256:${sha256('a-token')}\n ci  read  sha256:${sha256('c-token')}\r\n`

const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'rutter-access-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

const tokenFile = (text = lines): string => {
  const file = join(directory(), 'tokens')
  writeFileSync(file, text)
  return file
}

const guarded = async (notices: string[] = []) => {
  const file = tokenFile()
  const served = await serve({ tokens: knownTokens(file, (notice) => void notices.push(notice)) })
  const as = (token: string, init: RequestInit = {}): RequestInit => ({
    ...init,
    headers: { ...init.headers, authorization: `Bearer ${token}` },
  })
  return { ...served, file, as }
}

const put = json('PUT', service('reviews'))
const path = '/api/v1/config/service/default/reviews'

describe('who may ask', () => {
  test('H32: every path and method that is described needs a token, but health and documentation', async () => {
    const { ask } = await guarded()
    const { paths } = (await ask(`${docsPath}/json`)).body as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    }
    const open: string[] = []
    for (const [url, methods] of Object.entries(paths))
      for (const method of Object.keys(methods)) {
        const answer = await ask(url.replaceAll(/\{\w+\}/g, 'x'), { method: method.toUpperCase() })
        if (answer.status === 401) expect(answer.body).toMatchObject({ code: 'unauthenticated' })
        else open.push(url)
      }
    expect(open.sort()).toEqual(['/healthz', '/readyz'])
    expect(Object.keys(paths).length).toBeGreaterThan(15)
  })

  test('H32: a path that does not exist, and methods that are none, need one too', async () => {
    const { ask, as } = await guarded()
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'OPTIONS', 'DELETE'])
      for (const url of ['/nowhere', '/', '/api/v1/snapshot', `${docsPath}x`])
        expect((await ask(url, { method })).status).toBe(401)
    expect((await ask('/nowhere', as('c-token'))).status).toBe(404)
    expect((await ask('/api/v1/snapshot', as('a-token', { method: 'PATCH' }))).status).toBe(405)
  })

  test('H32: a token that is known reads; one that may write writes', async () => {
    const { ask, as, controller } = await guarded()
    expect((await ask(path, as('c-token', put))).status).toBe(403)
    expect(controller.snapshot().position).toBe(0)
    expect((await ask(path, as('a-token', put))).status).toBe(201)
    for (const token of ['a-token', 'c-token']) {
      expect((await ask(path, as(token))).status).toBe(200)
      expect((await ask('/metrics', as(token))).status).toBe(200)
    }
    for (const [url, init] of [
      [path, { method: 'DELETE' }],
      ['/api/v1/config', json('POST', [service('x')])],
      [`${path}?dryRun=false`, put],
      [`${path}?dryRun=TRUE`, put],
      [`${path}?dryRun=true&dryRun=true`, put],
    ] as const) {
      const refused = await ask(url, as('c-token', init))
      expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } })
      expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"')
    }
    expect(controller.snapshot().position).toBe(1)
  })

  test('H32: a dry run is reading', async () => {
    const { ask, as, controller } = await guarded()
    expect((await ask(`${path}?dryRun=true`, as('c-token', put))).status).toBe(201)
    expect(controller.snapshot().position).toBe(0)
  })

  test.each([
    ['none', {}, 'Bearer realm="rutter"'],
    ['an unknown one', { authorization: 'Bearer x' }, 'Bearer realm="rutter", error="invalid_token"'],
    ['an empty one', { authorization: 'Bearer ' }, 'Bearer realm="rutter", error="invalid_token"'],
    ['another scheme', { authorization: 'Basic YTpi' }, 'Bearer realm="rutter", error="invalid_token"'],
    ['the hash', { authorization: `Bearer ${sha256('a-token')}` }, 'error="invalid_token"'],
    ['the name', { authorization: 'Bearer alice' }, 'error="invalid_token"'],
    ['two', { authorization: 'Bearer a-token, Bearer a-token' }, 'error="invalid_token"'],
    ['one in the query', {}, 'Bearer realm="rutter"', '?access_token=a-token'],
  ])('H32: %s is 401, and says what is wanted', async (_, headers, wanted, query = '') => {
    const { ask } = await guarded()
    const answer = await ask(`/api/v1/snapshot${query}`, { headers })
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(answer.headers.get('www-authenticate')).toContain(wanted)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  test('H32: without tokens everybody may', async () => {
    const { ask } = await serve()
    expect((await ask(path, put)).status).toBe(201)
  })

  test('H33: the token’s name is the actor of what is written', async () => {
    const { ask, as } = await guarded()
    await ask(path, as('a-token', put))
    const { items } = (
      await ask('/api/v1/events', as('c-token', { headers: { accept: 'application/json' } }))
    ).body
    expect(items[0].events[0]).toMatchObject({ actor: 'alice', source: 'http' })
    const open = await serve()
    await open.ask(path, put)
    const page = await open.ask('/api/v1/events', { headers: { accept: 'application/json' } })
    expect(page.body.items[0].events[0].actor).toBe('anonymous')
  })

  test('H34: what changes in the file counts; a file that is spoilt changes nothing', async () => {
    const notices: string[] = []
    const { ask, as, file } = await guarded(notices)
    const status = async (token: string) => (await ask('/api/v1/snapshot', as(token))).status
    expect(await status('b-token')).toBe(401)
    writeFileSync(file, `bob read sha256:${sha256('b-token')}\n`)
    await expect.poll(() => status('b-token'), { timeout: 5_000 }).toBe(200)
    expect(await status('a-token')).toBe(401)
    writeFileSync(file, 'spoilt')
    await expect
      .poll(async () => [await status('b-token'), notices.at(-1)], { timeout: 5_000 })
      .toEqual([
        200,
        expect.stringMatching(
          /tokens, line 1: it must be NAME read\|write sha256:HEX; the tokens of before still count$/,
        ),
      ])
    rmSync(file)
    await expect
      .poll(async () => [await status('b-token'), notices.at(-1)], { timeout: 5_000 })
      .toEqual([200, expect.stringContaining('cannot be read')])
  })

  test.each([
    ['alice write a-token', 'line 1: it must be NAME read|write sha256:HEX'],
    [`alice write sha256:${'A'.repeat(64)}`, 'line 1: it must be NAME read|write sha256:HEX'],
    [`# x\nalice admin sha256:${sha256('a')}`, 'line 2: the role is read or write, not "admin"'],
    [
      `al/ce read sha256:${sha256('a')}`,
      'line 1: a token is called by 1 to 64 of A–Z a–z 0–9 . _ @ -, a letter or digit first',
    ],
    [`anonymous read sha256:${sha256('a')}`, 'line 1: anonymous is who comes without a token'],
    [`a read sha256:${sha256('a')}\nb write sha256:${sha256('a')}`, 'line 2: it is the token of a'],
    [
      Array.from({ length: 1001 }, (_, i) => `a read sha256:${sha256(`${i}`)}`).join('\n'),
      'line 1001: there are more than 1000 tokens',
    ],
  ])('H34: a file that cannot be read is refused with its line', (text, message) =>
    expect(readTokenFile(text)).toMatchObject({ left: message }),
  )

  test('H34: a name may have two tokens, so that one follows the other', () =>
    expect(readTokenFile(`a read sha256:${sha256('old')}\na write sha256:${sha256('new')}`)).toMatchObject({
      right: [{ name: 'a' }, { name: 'a' }],
    }))

  test('H35: over TLS it answers who trusts its authority, and nobody in clear', async () => {
    const { ca, ...files } = certificates(directory())
    const { server } = await serve({ tls: await readCertificates(files) })
    expect(server.url).toMatch(/^https:/)
    const ask = (url: string, trusted?: string) =>
      askServer(
        { url, ...(trusted === undefined ? {} : { ca: readFileSync(trusted, 'utf8') }) },
        { path: '/api/v1/snapshot' },
      )
    expect(await ask(server.url, ca)).toMatchObject({ right: { position: 0 } })
    expect(await ask(server.url)).toMatchObject({ left: { _tag: 'Unreachable' } })
    expect(await ask(server.url, certificates(directory()).ca)).toMatchObject({
      left: { _tag: 'Unreachable' },
    })
    expect(await ask(server.url.replace('https', 'http'))).toMatchObject({ left: { _tag: 'Unreachable' } })
    expect(await ask(server.url, ca)).toMatchObject({ right: { position: 0 } })
  })
})
