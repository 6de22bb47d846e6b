import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { certificateFiles } from '../../../src/adapters/secrets/certificateFiles.ts'
import { authority } from '../../certificates.ts'

const directory = mkdtempSync(join(tmpdir(), 'rutter-files-'))
afterAll(() => rmSync(directory, { recursive: true }))
const issuer = authority(directory)
const [own, other] = [issuer.sign('own', ['DNS:a.example']), issuer.sign('other', ['DNS:b.example'])]
const look = certificateFiles(Date.now)
const inThreeDays = certificateFiles(() => Date.now() + 3 * 24 * 3600 * 1000)

describe('files of certificates', () => {
  test('T9: nothing is the matter with a certificate, its key and its authority', () => {
    expect(look({ path: own.cert, holds: 'certificate' })).toBeUndefined()
    expect(look({ path: own.key, holds: 'key', of: own.cert })).toBeUndefined()
    expect(look({ path: own.ca, holds: 'authorities' })).toBeUndefined()
  })

  test('T9: a file that is not there, holds something else or is another’s key is told', () => {
    expect(look({ path: join(directory, 'none.pem'), holds: 'certificate' })).toMatchObject({
      kind: 'missing',
    })
    expect(look({ path: join(own.cert, 'none.pem'), holds: 'certificate' })).toMatchObject({
      kind: 'missing',
    })
    expect(look({ path: own.key, holds: 'certificate' })).toMatchObject({ kind: 'unusable' })
    expect(look({ path: own.cert, holds: 'key' })).toMatchObject({ kind: 'unusable' })
    expect(look({ path: own.cert, holds: 'revocations' })).toMatchObject({ kind: 'unusable' })
    expect(look({ path: directory, holds: 'authorities' })).toMatchObject({ kind: 'unusable' })
    expect(look({ path: other.key, holds: 'key', of: own.cert })).toMatchObject({
      kind: 'unusable',
      message: `it is not the key of ${own.cert}`,
    })
  })

  test('T9: a pipe is no file, and nobody waits for it', () => {
    const pipe = join(directory, 'pipe')
    execFileSync('mkfifo', [pipe])
    expect(look({ path: pipe, holds: 'certificate' })).toMatchObject({ kind: 'unusable' })
  })

  test('T9: a certificate that has ended is told, of authorities when all have', () => {
    expect(inThreeDays({ path: own.cert, holds: 'certificate' })).toMatchObject({ kind: 'expired' })
    expect(inThreeDays({ path: own.ca, holds: 'authorities' })).toMatchObject({ kind: 'expired' })
    expect(inThreeDays({ path: own.key, holds: 'key', of: own.cert })).toBeUndefined()
  })

  test('T9: a file is looked at again when it has changed', () => {
    const path = join(directory, 'changing.pem')
    writeFileSync(path, 'nothing yet')
    expect(look({ path, holds: 'certificate' })).toMatchObject({ kind: 'unusable' })
    cpSync(own.cert, path)
    expect(look({ path, holds: 'certificate' })).toBeUndefined()
  })
})
