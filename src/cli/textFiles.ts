import { readFile, stat } from 'node:fs/promises'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { scanDirectory } from '../adapters/configDirectory/scanDirectory.ts'
import type { Source } from '../codecs/readResources.ts'
import type { Io } from './io.ts'

/** A file of documents as it was read. */
export type TextFile = Source & { readonly file: string; readonly input: Uint8Array }

/** The files that `-f` names, directories read recursively (`.yaml`, `.yml`, `.json`) and sorted by path, `-` for
 *  stdin; each once. Left: the sentence that says which cannot be read. */
export const readTextFiles = async (
  paths: readonly string[],
  io: Io,
): Promise<Either<string, readonly TextFile[]>> => {
  const files = new Map<string, TextFile>()
  for (const path of paths) {
    try {
      const found = path === '-' ? [] : await filesAt(path)
      if (typeof found === 'string') return left(found)
      if (path === '-') files.set('-', textFile('stdin', await io.stdin()))
      for (const one of found) files.set(one, files.get(one) ?? textFile(one, await readFile(one)))
    } catch (error) {
      return left(`${path} cannot be read: ${(error as Error).message}`)
    }
  }
  return right([...files.values()])
}

const filesAt = async (path: string): Promise<readonly string[] | string> => {
  if (!(await stat(path)).isDirectory()) return [path]
  const scanned = await scanDirectory(path)
  if (isLeft(scanned)) return `${scanned.left.path} cannot be read: ${scanned.left.message}`
  if (scanned.right.length === 0) return `${path} holds no .yaml, .yml or .json file`
  return scanned.right.map((file) => file.path)
}

const textFile = (file: string, input: Uint8Array): TextFile => ({
  file,
  input,
  format: file.toLowerCase().endsWith('.json') ? 'json' : 'yaml',
})
