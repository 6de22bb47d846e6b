import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { KnownGood, KnownResource } from '../../agent/knownGood.ts'
import { writeDurably } from '../log/writeDurably.ts'

/** Why there is nothing to serve from: no file yet, spoilt, written by a build with another format, or for another
 *  proxy. */
export type KnownGoodUnfit =
  | { readonly _tag: 'KnownGoodAbsent'; readonly file: string }
  | { readonly _tag: 'KnownGoodDamaged'; readonly file: string; readonly reason: string }
  | { readonly _tag: 'KnownGoodOfOtherVersion'; readonly file: string }
  | {
      readonly _tag: 'KnownGoodOfOtherProxy'
      readonly file: string
      readonly mesh: string
      readonly node: string
    }

// Three parts: a line with the format and the SHA-256 of the rest; a line of JSON that describes every resource, with
// its length; their bytes, one after another.
const format = 1

type Seal = { readonly format: number; readonly sha256: string }
type Index = Omit<KnownGood, 'resources'> & {
  readonly resources: readonly (Omit<KnownResource, 'bytes'> & { readonly length: number })[]
}

/** Puts `known` at `path`, durable when it resolves, whole or not at all. Rejects when the disk refuses. */
export const writeKnownGood = (path: string, known: KnownGood): Promise<void> => {
  const index: Index = {
    ...known,
    resources: known.resources.map(({ bytes, ...resource }) => ({ ...resource, length: bytes.length })),
  }
  const rest = [Buffer.from(`${JSON.stringify(index)}\n`), ...known.resources.map(({ bytes }) => bytes)]
  const seal: Seal = { format, sha256: hashOf(rest) }
  return writeDurably(path, `${path}.tmp`, [Buffer.from(`${JSON.stringify(seal)}\n`), ...rest])
}

/** What `path` holds for this node of this mesh, or why it is of no use. Never rejects. */
export const readKnownGood = async (
  path: string,
  mesh: string,
  node: string,
): Promise<Either<KnownGoodUnfit, KnownGood>> => {
  try {
    const file = await readFile(path)
    const [sealed, rest] = lineOf(file)
    const seal = JSON.parse(sealed) as Seal
    if (seal.format !== format) return left({ _tag: 'KnownGoodOfOtherVersion', file: path })
    if (seal.sha256 !== hashOf([rest])) return damaged(path, 'the checksum is wrong')
    const [line, bytes] = lineOf(rest)
    const index = JSON.parse(line) as Index
    if (index.mesh !== mesh || index.node !== node) {
      return left({ _tag: 'KnownGoodOfOtherProxy', file: path, mesh: index.mesh, node: index.node })
    }
    return right({ ...index, resources: resourcesOf(index, bytes) })
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? left({ _tag: 'KnownGoodAbsent', file: path }) : damaged(path, message)
  }
}

const resourcesOf = (index: Index, bytes: Buffer): readonly KnownResource[] => {
  let from = 0
  return index.resources.map(({ length, ...resource }) => {
    const its = bytes.subarray(from, from + length)
    from += length
    return { ...resource, bytes: its }
  })
}

const lineOf = (bytes: Buffer): readonly [string, Buffer] => {
  const end = bytes.indexOf('\n')
  return [bytes.toString('utf8', 0, Math.max(end, 0)), bytes.subarray(end + 1)]
}

const hashOf = (parts: readonly Uint8Array[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return hash.digest('hex')
}

const damaged = (file: string, reason: string): Either<KnownGoodUnfit, never> =>
  left({ _tag: 'KnownGoodDamaged', file, reason })
