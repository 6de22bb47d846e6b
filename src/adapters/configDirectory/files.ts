import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { isLeft } from 'fp-ts/lib/Either.js'
import type { Decoded } from '../../codecs/decodeResource.ts'
import { readingResources } from '../../codecs/readResources.ts'
import type { Problem } from '../../model/diagnostic.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { inSlices } from '../inSlices.ts'
import type { FoundFile } from './scanDirectory.ts'

/** What is known of one file. */
export type FileState = {
  readonly path: string
  readonly stamp: string
  /** Hash of the content of the last good version; empty when there is none. A file that is written again as it was,
   *  or while it was being read, is no other version. */
  readonly version: string
  /** The last good version; `undefined` when none was ever read. */
  readonly resources: readonly Decoded[] | undefined
  /** What is wrong with the file as it stands; empty: nothing. */
  readonly problems: readonly Problem[]
}

/** Files by path, sorted. */
export type Files = ReadonlyMap<string, FileState>

/** The state of all that was `found`: only files whose stamp is not in `before` are read. A file that cannot be read
 *  or is refused falls back to its version in `good`, where it has one. */
export const readFiles = async (found: readonly FoundFile[], before: Files, good: Files): Promise<Files> => {
  const files = new Map<string, FileState>()
  for (const one of found) {
    const known = before.get(one.path)
    const now = known?.stamp === one.stamp ? known : await readOne(one, good.get(one.path))
    if (now !== undefined) files.set(one.path, now)
  }
  return files
}

/** `file` with its newest version refused: for `problem`, it falls back to `good`, the version before. */
export const refusedFile = (file: FileState, good: FileState | undefined, problem: Problem): FileState => ({
  ...file,
  version: good?.version ?? '',
  resources: good?.resources,
  problems: [...file.problems, problem],
})

const readOne = async (
  { path, stamp }: FoundFile,
  good: FileState | undefined,
): Promise<FileState | undefined> => {
  const { version = '', resources } = good ?? {}
  const bad = (problems: readonly Problem[]): FileState => ({ path, stamp, version, resources, problems })
  const text = await textOf(path)
  if (text === undefined) return undefined
  if (typeof text === 'string') return bad([problemOf(path, 'unreadable-file', text)])
  const format = path.toLowerCase().endsWith('.json') ? 'json' : 'yaml'
  const read = await inSlices(readingResources([{ input: text, file: path, format }]))
  if (isLeft(read)) return bad(read.left.problems)
  const twice = repeated(read.right)
  if (twice !== undefined) return bad([problemOf(path, 'duplicate', `${twice} stands twice in this file`)])
  const hash = createHash('sha256').update(text).digest('hex')
  return { path, stamp, version: hash, resources: read.right, problems: [] }
}

/** A problem with `file` as a whole, or with what begins at `line`. */
export const problemOf = (file: string, code: string, message: string, line = 1): Problem => ({
  code,
  message,
  file,
  line,
  column: 1,
  path: '',
})

/** The bytes of a file, `undefined` when it has gone, text when it cannot be read: why. */
const textOf = async (path: string): Promise<Uint8Array | string | undefined> => {
  try {
    return await readFile(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? undefined : message
  }
}

const repeated = (resources: readonly Decoded[]): string | undefined => {
  const seen = new Set<string>()
  return resources
    .map(({ resource }) => keyOf(nameOf(resource)))
    .find((key) => seen.size === seen.add(key).size)
}
