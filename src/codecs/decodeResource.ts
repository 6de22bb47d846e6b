import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import type { Problem } from '../model/diagnostic.ts'
import type { Origin, Resource } from '../model/resource.ts'
import { clip } from './checkText.ts'
import type { Document } from './document.ts'
import { type KindInfo, kinds } from './kinds.ts'
import { located, placed } from './located.ts'
import { suggestion } from './nearest.ts'
import { problemCodes } from './problemCode.ts'
import { resourceCodec } from './resourceCodec.ts'
import { shown } from './shapes/codec.ts'
import { isMap } from './shapes/struct.ts'

/** A resource, and where it was read when the document has a file. */
export type Decoded = { readonly resource: Resource; readonly origin?: Origin }

/** The resource that `document` describes: of a known kind, without a key that would be ignored, valid by itself. What
 *  a Kubernetes server adds (docs/spec/C.md) is dropped, the namespace is filled in. Left: all of its problems. */
export const decodeResource = (document: Document): Either<readonly Problem[], Decoded> => {
  const { file, lines, root } = document
  const known = kindOf(document)
  if (isLeft(known)) return left([known.left])
  const read = resourceCodec(known.right).decode(root.value)
  if (isLeft(read)) return left(read.left.map((error) => located(document, error)))
  const resource = read.right
  return right(
    file === undefined ? { resource } : { resource, origin: { file, line: lines(root.start).line } },
  )
}

const kindOf = (document: Document): Either<Problem, KindInfo> => {
  const value = document.root.value
  if (!isMap(value)) {
    const message = `Expected a resource (a map with apiVersion, kind, metadata and spec), found ${shown(value)}.`
    return left(placed(document, problemCodes.wrongType, message, []))
  }
  const { kind, apiVersion } = value
  const info = kinds.find((one) => one.kind === kind)
  if (info === undefined) {
    const known = kinds.map((one) => one.kind)
    const [code, message] =
      typeof kind === 'string'
        ? [problemCodes.unknownKind, `Unknown kind "${clip(kind)}".${suggestion(kind, known)}`]
        : 'kind' in value
          ? [problemCodes.wrongType, `Expected the name of a kind, found ${shown(kind)}.`]
          : [problemCodes.missingKey, `The key "kind" is missing in a resource.${suggestion('', known)}`]
    return left(placed(document, code, message, ['kind']))
  }
  if (typeof apiVersion === 'string' && info.apiVersions.includes(apiVersion)) return right(info)
  const found = 'apiVersion' in value ? shown(apiVersion) : 'none'
  const article = /^[AEIOU]/.test(info.kind) ? 'An' : 'A'
  const message = `${article} ${info.kind} has the apiVersion ${info.apiVersions.join(' or ')}; found ${found}.`
  return left(placed(document, problemCodes.wrongApiVersion, message, ['apiVersion']))
}
