import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type SecretFiles, secretFiles } from '../../../src/adapters/secrets/secretFiles.ts'
import { authority, type Certificates } from '../../certificates.ts'

const files = mkdtempSync(join(tmpdir(), 'rutter-certificates-'))
const issuer = authority(files)
const [first, second] = [issuer.sign('first', ['DNS:a.example']), issuer.sign('second', ['DNS:b.example'])]

const put = (directory: string, { cert, key }: Certificates): void => {
  mkdirSync(directory, { recursive: true })
  cpSync(cert, join(directory, 'tls.crt'))
  cpSync(key, join(directory, 'tls.key'))
}

/** Secrets in a directory of the test's own, and what was told of them. */
const following = async (nowMs = () => Date.now()) => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-secrets-'))
  const web = join(directory, 'default/web')
  put(web, first)
  const told: string[] = []
  const secrets: SecretFiles = await secretFiles(directory, {
    changed: (names) => told.push(...names),
    nowMs,
    quietMs: 10,
    rescanMs: 100,
  })
  onTestFinished(async () => {
    await secrets.close()
    rmSync(directory, { recursive: true })
  })
  const version = (name = 'default/web') => secrets.resource(name)?.version
  return { directory, web, told, secrets, version }
}

describe('secrets in files', () => {
  test('T5: a secret is there once its files are, and gone once they are', async () => {
    const { directory, web, secrets, version } = await following()
    expect(version()).toBeDefined()
    expect(secrets.problem('default/web')).toBeUndefined()
    expect(secrets.problem('other/web')).toMatchObject({ kind: 'missing' })
    put(join(directory, 'other/web'), second)
    await expect.poll(() => version('other/web')).toBeDefined()
    rmSync(web, { recursive: true })
    await expect.poll(() => version()).toBeUndefined()
  })

  test('T5: a secret follows its files, written over or put in their place', async () => {
    const { web, told, version } = await following()
    const before = version()
    put(web, second)
    await expect.poll(() => version()).not.toBe(before)
    expect(told).toContain('default/web')
    const after = version()
    put(`${web}-next`, first)
    renameSync(join(`${web}-next`, 'tls.crt'), join(web, 'tls.crt'))
    renameSync(join(`${web}-next`, 'tls.key'), join(web, 'tls.key'))
    await expect.poll(() => version()).toBe(before)
    expect(after).not.toBe(before)
  })

  test('T5: half a change, or what is no certificate, is told and not served: what was good goes on', async () => {
    const { web, secrets, version } = await following()
    const before = version()
    cpSync(second.cert, join(web, 'tls.crt'))
    await expect.poll(() => secrets.problem('default/web')?.kind).toBe('unusable')
    expect(version()).toBe(before)
    writeFileSync(join(web, 'tls.crt'), 'no certificate')
    await expect.poll(() => secrets.problem('default/web')?.message).toContain('cannot be used')
    expect(version()).toBe(before)
    expect(secrets.counters).toEqual({ secrets: 1, unusable: 1, beyondBound: 0 })
    put(web, second)
    await expect.poll(() => secrets.problem('default/web')).toBeUndefined()
    expect(version()).not.toBe(before)
  })

  test('T5: authorities beside a certificate have a name of their own', async () => {
    const { web, secrets, version } = await following()
    expect(version('default/web/ca')).toBeUndefined()
    expect(secrets.problem('default/web/ca')).toMatchObject({
      kind: 'missing',
      message: `there is no ca.crt in ${web}`,
    })
    cpSync(issuer.ca, join(web, 'ca.crt'))
    await expect.poll(() => version('default/web/ca')).toBeDefined()
    expect(secrets.problem('default/web/ca')).toBeUndefined()
    const alone = join(web, '../alone')
    mkdirSync(alone)
    cpSync(issuer.ca, join(alone, 'ca.crt'))
    await expect.poll(() => version('default/alone/ca')).toBeDefined()
    expect(secrets.problem('default/alone')).toMatchObject({
      kind: 'missing',
      message: `there is no tls.crt in ${alone}`,
    })
  })

  test('T5: those of a secret <name>-cacert go before the ones beside a certificate', async () => {
    const { web, told, secrets, version } = await following()
    cpSync(issuer.ca, join(web, 'ca.crt'))
    await expect.poll(() => version('default/web/ca')).toBeDefined()
    const beside = version('default/web/ca')
    const other = authority(join(files, 'other'))
    mkdirSync(`${web}-cacert`)
    cpSync(other.ca, join(`${web}-cacert`, 'ca.crt'))
    const shown = () => Buffer.from(secrets.resource('default/web/ca')?.bytes() ?? []).toString()
    await expect.poll(shown).toContain(readFileSync(other.ca, 'utf8'))
    expect(told).toContain('default/web/ca')
    writeFileSync(join(`${web}-cacert`, 'ca.crt'), 'no certificate')
    await expect.poll(() => secrets.problem('default/web/ca')?.kind).toBe('unusable')
    expect(secrets.problem('default/web')).toBeUndefined()
    expect(shown()).toContain(readFileSync(other.ca, 'utf8'))
    rmSync(`${web}-cacert`, { recursive: true })
    await expect.poll(() => version('default/web/ca')).toBe(beside)
  })

  test('T5: what authorities have revoked goes with them, and what is no list of it is told', async () => {
    const { web, secrets, version } = await following()
    cpSync(issuer.ca, join(web, 'ca.crt'))
    cpSync(issuer.revoke('first'), join(web, 'ca.crl'))
    const shown = () => Buffer.from(secrets.resource('default/web/ca')?.bytes() ?? []).toString()
    await expect.poll(shown).toContain('BEGIN X509 CRL')
    const before = version('default/web/ca')
    writeFileSync(join(web, 'ca.crl'), 'no list')
    await expect.poll(() => secrets.problem('default/web/ca')?.kind).toBe('unusable')
    expect(version('default/web/ca')).toBe(before)
  })

  test('T5: a certificate that has ended is told, by the clock that is given', async () => {
    const { web, secrets } = await following(() => Date.now() + 3 * 86_400_000)
    expect(secrets.problem('default/web')).toMatchObject({ kind: 'expired' })
    cpSync(issuer.ca, join(web, 'ca.crt'))
    await expect.poll(() => secrets.problem('default/web/ca')?.kind).toBe('expired')
  })

  test('T5: a directory that is not there yet is told, and followed when it comes', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'rutter-secrets-'))
    const directory = join(parent, 'later')
    const told: string[] = []
    const secrets = await secretFiles(directory, {
      changed: () => {},
      notice: (line) => told.push(line),
      nowMs: Date.now,
      quietMs: 10,
      rescanMs: 100,
    })
    onTestFinished(async () => {
      await secrets.close()
      rmSync(parent, { recursive: true })
    })
    expect(told).toEqual([`there is no directory ${directory}; secrets are read when there is`])
    put(join(directory, 'default/web'), first)
    await expect.poll(() => secrets.resource('default/web')).toBeDefined()
  })
})
