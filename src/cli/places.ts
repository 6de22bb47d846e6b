import { isRight } from 'fp-ts/lib/Either.js'
import { decodeResource } from '../codecs/decodeResource.ts'
import { scanText } from '../codecs/scanText.ts'
import { offsetOf } from '../codecs/sourceNode.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import type { TextFile } from './textFiles.ts'

/** Where something stands in a user's file; line and column from 1. */
export type Place = { readonly file: string; readonly line: number; readonly column: number }

/** The place of a JSON pointer into the resource of that key (`RouteRule/default/x`) in `files`; of what is not
 *  there, the place of the nearest thing around it. `undefined` for resources that are in no file. */
export const placesIn = (
  files: readonly TextFile[],
): ((key: string, pointer: string) => Place | undefined) => {
  const found = new Map<string, (pointer: string) => Place>()
  for (const { file, input, format } of files) {
    for (const document of scanText(input, { file, format }).documents) {
      const decoded = decodeResource(document)
      if (!isRight(decoded)) continue
      found.set(keyOf(nameOf(decoded.right.resource)), (pointer) => ({
        file,
        ...document.lines(offsetOf(document.root, stepsOf(pointer), 'value')),
      }))
    }
  }
  return (key, pointer) => found.get(key)?.(pointer)
}

/** The steps of a JSON pointer (RFC 6901). */
const stepsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
