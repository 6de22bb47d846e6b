import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { followedCertificates } from '../../../src/adapters/secrets/followedCertificates.ts'
import type { CertificateFile } from '../../../src/model/certificateFile.ts'
import { authority } from '../../certificates.ts'

const issuer = authority(mkdtempSync(join(tmpdir(), 'rutter-followed-')))
const [first, second] = [issuer.sign('first', ['DNS:a.example']), issuer.sign('second', ['DNS:b.example'])]

/** A pair in a directory of the test's own that is followed, and what was told of it. */
const following = (stillMs = 60_000) => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-followed-'))
  const [chain, key] = [join(directory, 'cert-chain.pem'), join(directory, 'key.pem')]
  cpSync(first.cert, chain)
  cpSync(first.key, key)
  const files: readonly CertificateFile[] = [
    { path: chain, holds: 'certificate' },
    { path: key, holds: 'key', of: chain },
  ]
  const changed: string[] = []
  const notices: string[] = []
  const followed = followedCertificates({
    changed: (names) => changed.push(...names),
    notice: (text) => notices.push(text),
    monotonicMs: () => performance.now(),
    quietMs: 10,
    rescanMs: 50,
    stillMs,
    patienceMs: 100,
  })
  onTestFinished(async () => {
    await followed.close()
    rmSync(directory, { recursive: true })
  })
  const state = () => followed.state('pair', files)
  return { chain, key, followed, state, changed, notices, first: state() }
}

describe('followed files of certificates', () => {
  test('M9: they have another state once they are others, written over or put in their place, and it is told', async () => {
    const { chain, key, state, changed, first: before } = following()
    expect(before).toMatch(/^[0-9a-f]{64}$/)
    cpSync(second.cert, chain)
    cpSync(second.key, key)
    await expect.poll(state).not.toBe(before)
    expect(new Set(changed)).toEqual(new Set(['pair']))
    cpSync(first.cert, `${chain}.next`)
    cpSync(first.key, `${key}.next`)
    renameSync(`${chain}.next`, chain)
    renameSync(`${key}.next`, key)
    await expect.poll(state).toBe(before)
  })

  test('M9: what is half changed leaves them in their last whole state, is counted, and told when it lasts', async () => {
    const { chain, key, followed, state, notices, first: before } = following()
    cpSync(second.cert, chain)
    await expect.poll(() => notices).toHaveLength(1)
    expect(notices[0]).toMatch(/^pair: .*key\.pem is not the key of .*cert-chain\.pem; until it is whole/)
    expect(state()).toBe(before)
    expect(followed.counters).toMatchObject({ unusable: 1, changed: 0 })
    expect(followed.counters.halfSeen).toBeGreaterThan(1)
    writeFileSync(key, readFileSync(second.key, 'utf8').slice(0, 100))
    await expect.poll(() => followed.counters.halfSeen).toBeGreaterThan(3)
    expect(state()).toBe(before)
    cpSync(second.key, key)
    await expect.poll(state).not.toBe(before)
    expect(followed.counters).toMatchObject({ unusable: 0, changed: 1 })
    expect(notices[1]).toContain('whole again')
    expect(notices.join()).not.toContain('PRIVATE')
  })

  test('M9: they have a second state when they have been still for a while, and no third', async () => {
    const { followed, state, changed, first: before } = following(20)
    await expect.poll(state).not.toBe(before)
    const second = state()
    expect(changed).toEqual(['pair'])
    // Another one is asked for once to see that looks go on.
    followed.state('later', [{ path: issuer.ca, holds: 'authorities' }])
    await expect.poll(() => changed).toContain('later')
    expect(state()).toBe(second)
  })

  test('M9: files that are not there have no state until they are', async () => {
    const { chain, followed } = following()
    const late = `${chain}.late`
    const stateOfLate = () => followed.state('late', [{ path: late, holds: 'authorities' }])
    expect(stateOfLate()).toBe('')
    cpSync(issuer.ca, late)
    await expect.poll(stateOfLate).toMatch(/^[0-9a-f]{64}$/)
    rmSync(late)
    await expect.poll(() => followed.counters.changed).toBe(1)
    expect(stateOfLate()).toMatch(/^[0-9a-f]{64}$/)
  })

  test('M9: no more than 16 secrets are followed, and others counted', () => {
    const { followed } = following()
    for (let i = 0; i < 20; i += 1) followed.state(`secret-${i}`, [{ path: issuer.ca, holds: 'authorities' }])
    expect(followed.counters.beyondBound).toBe(5)
    expect(followed.state('secret-19', [{ path: issuer.ca, holds: 'authorities' }])).toBe('')
  })
})
