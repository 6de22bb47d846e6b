import type { Dirent, Stats } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { byCodeUnit } from '../../model/resourceName.ts'

/** A configuration file as it was found. */
export type FoundFile = {
  readonly path: string
  /** Differs when the file does: inode, size and time of change. */
  readonly stamp: string
}

/** Why a directory could not be looked at as a whole. */
export type Unscannable = {
  readonly _tag: 'Missing' | 'Unreadable'
  readonly path: string
  readonly message: string
}

/** Every `.yaml`, `.yml` and `.json` below `directory`, sorted by path, symbolic links followed, hidden names left out
 *  (a ConfigMap keeps its versions in `..data`). Left when any part of it could not be read: then nobody knows what
 *  it holds. */
export const scanDirectory = async (
  directory: string,
): Promise<Either<Unscannable, readonly FoundFile[]>> => {
  const found: FoundFile[] = []
  try {
    await scan(directory, await stat(directory), found, new Set())
  } catch (error) {
    const { code, path = directory, message } = error as NodeJS.ErrnoException
    return left({ _tag: code === 'ENOENT' && path === directory ? 'Missing' : 'Unreadable', path, message })
  }
  return right(found.sort((a, b) => byCodeUnit(a.path, b.path)))
}

/** Reads every directory once, by whatever links it is reached: links may go round in a circle. */
const scan = async (
  directory: string,
  { dev, ino }: Stats,
  found: FoundFile[],
  visited: Set<string>,
): Promise<void> => {
  if (visited.size === visited.add(`${dev}:${ino}`).size) return
  const entries = await entriesOf(directory, visited.size === 1)
  const directories: { readonly path: string; readonly stats: Stats }[] = []
  for (let from = 0; from < entries.length; from += atOnce) {
    const some = entries.slice(from, from + atOnce).map((entry) => lookAt(directory, entry))
    for (const { path, isNamedAsFile, stats } of await Promise.all(some)) {
      if (stats === 'unreadable') found.push({ path, stamp: stats })
      else if (stats?.isDirectory()) directories.push({ path, stats })
      else if (stats?.isFile() && isNamedAsFile) found.push({ path, stamp: stampOf(stats) })
    }
  }
  // In order, so that what several links lead to is always found by the same one.
  for (const { path, stats } of directories) await scan(path, stats, found, visited)
}

// Looking at one after another would take a turn of the event loop for each.
const atOnce = 64

const lookAt = async (directory: string, entry: Dirent) => {
  const path = join(directory, entry.name)
  const isNamedAsFile = /\.(yaml|yml|json)$/i.test(entry.name)
  const matters = isNamedAsFile || entry.isDirectory() || entry.isSymbolicLink()
  return { path, isNamedAsFile, stats: matters ? await statOf(path, isNamedAsFile) : undefined }
}

// What goes between two looks has gone: that is an answer, not an error. Only the directory itself must be there.
const entriesOf = async (directory: string, isRoot: boolean): Promise<readonly Dirent[]> => {
  try {
    const entries = await readdir(directory, { withFileTypes: true })
    return entries.filter(({ name }) => !name.startsWith('.')).sort((a, b) => byCodeUnit(a.name, b.name))
  } catch (error) {
    if (!isRoot && isGone(error)) return []
    throw error
  }
}

// A file that cannot be looked at is a bad file; a directory that cannot be leaves open what it holds.
const statOf = async (path: string, isNamedAsFile: boolean): Promise<Stats | 'unreadable' | undefined> => {
  try {
    return await stat(path)
  } catch (error) {
    if (isGone(error)) return undefined
    if (isNamedAsFile) return 'unreadable'
    throw error
  }
}

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

const stampOf = ({ dev, ino, size, mtimeMs, ctimeMs }: Stats): string =>
  `${dev}:${ino}:${size}:${mtimeMs}:${ctimeMs}`
