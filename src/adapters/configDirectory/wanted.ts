import type { Decoded } from '../../codecs/decodeResource.ts'
import type { Problem } from '../../model/diagnostic.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { type Files, problemOf } from './files.ts'

/** A resource that the directory wants, and which version of which file says so. */
export type Wanted = Decoded & { readonly path: string; readonly version: string }

/** What a directory wants as a whole. */
export type Wishes = {
  /** By key `kind/namespace/name`. */
  readonly wanted: ReadonlyMap<string, Wanted>
  /** What is wrong in the files, each with its place. */
  readonly problems: readonly Problem[]
  /** True when a file is there of which no good version is known: nobody knows what it holds. */
  readonly hasUnknown: boolean
}

/** The resources of all `files` in their last good versions. Of one that stands in several files the first by path
 *  counts, and the others are told so. */
export const wishesOf = (files: Files): Wishes => {
  const wanted = new Map<string, Wanted>()
  const problems: Problem[] = []
  let hasUnknown = false
  for (const file of files.values()) {
    problems.push(...file.problems)
    hasUnknown ||= file.resources === undefined
    for (const decoded of file.resources ?? []) {
      const key = keyOf(nameOf(decoded.resource))
      const first = wanted.get(key)
      if (first === undefined)
        wanted.set(key, { ...decoded, path: file.path, version: `${file.path}#${file.version}` })
      else {
        const message = `${key} stands in ${first.path} already, which counts`
        problems.push(problemOf(file.path, 'duplicate', message, decoded.origin?.line))
      }
    }
  }
  return { wanted, problems, hasUnknown }
}
