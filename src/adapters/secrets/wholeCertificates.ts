import { createHash, createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { CertificateFile } from '../../model/certificateFile.ts'

/** Why files are of no use now: `absent` where one is not there or may not be read here, `half` where what is in them is
 *  not whole, or not of one piece. */
export type NotWhole = { readonly kind: 'absent' | 'half'; readonly message: string }

// A bundle of all public authorities has some 250 KiB.
const maxBytes = 4 * 1024 * 1024

/** The hex SHA-256 over what is in `files`, where each is whole and a key is its certificate's. Never throws. */
export const wholeCertificates = (files: readonly CertificateFile[]): Either<NotWhole, string> => {
  try {
    const hash = createHash('sha256')
    const read = new Map<string, string>()
    for (const { path } of files) {
      const text = contentOf(path)
      read.set(path, text)
      hash.update(`${text.length}\n${text}`)
    }
    for (const file of files) check(file, read)
    return right(hash.digest('hex'))
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const isAbsent = code !== undefined && ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(code)
    return left({ kind: isAbsent ? 'absent' : 'half', message })
  }
}

const contentOf = (path: string): string => {
  const stat = statSync(path)
  // A pipe would wait for whoever writes into it.
  if (!stat.isFile()) throw new Error(`${path} is no file`)
  if (stat.size > maxBytes) throw new Error(`${path} is larger than ${maxBytes} bytes`)
  return readFileSync(path, 'utf8')
}

const check = (file: CertificateFile, read: ReadonlyMap<string, string>): void => {
  const blocks = blocksIn(file.path, read.get(file.path) ?? '')
  if (file.holds !== 'key') {
    const certificates = blocks.map((block) => readBlock(file.path, () => new X509Certificate(block)))
    if (certificates.length === 0) throw new Error(`there is no certificate in ${file.path}`)
    return
  }
  const block = blocks.find((one) => one.includes('PRIVATE KEY-----'))
  if (block === undefined) throw new Error(`there is no key in ${file.path}`)
  const key = readBlock(file.path, () => createPrivateKey(block))
  const [shown] = file.of === undefined ? [] : blocksIn(file.of, read.get(file.of) ?? '')
  if (shown !== undefined && !new X509Certificate(shown).checkPrivateKey(key))
    throw new Error(`${file.path} is not the key of ${file.of}`)
}

/** The PEM blocks of a file that does not end within one. */
const blocksIn = (path: string, text: string): readonly string[] => {
  const blocks = text.match(/-----BEGIN ([A-Z0-9 ]+)-----[\s\S]+?-----END \1-----/g) ?? []
  if (text.split('-----BEGIN ').length - 1 !== blocks.length) throw new Error(`${path} is cut off`)
  return blocks
}

// What a parser says may quote what it read.
const readBlock = <T>(path: string, read: () => T): T => {
  try {
    return read()
  } catch {
    throw new Error(`what is in ${path} cannot be used`)
  }
}
