import { createHash } from 'node:crypto'
import { canonicalJson } from '../../model/canonicalJson.ts'
import type { Position } from '../../model/entry.ts'
import type { Stored } from '../../model/mesh.ts'
import type { Resource } from '../../model/resource.ts'

/** The strong entity tag of a resource: where it last changed and what it says, the latter because a log that is
 *  begun anew counts positions anew. */
export const etagOf = (stands: { readonly position: Position; readonly resource: Resource }): string => {
  const digest = createHash('sha256').update(canonicalJson(stands.resource)).digest('hex')
  return `"${stands.position}-${digest.slice(0, 16)}"`
}

/** What must stand for a write to go on, from `If-Match` and `If-None-Match` (RFC 9110 §13.1); `undefined` where
 *  the request demands nothing. Weak tags never match here, as the RFC has it. */
export const preconditionOf = (headers: {
  readonly 'if-match'?: string | undefined
  readonly 'if-none-match'?: string | undefined
}): ((stands: Stored | undefined) => boolean) | undefined => {
  const { 'if-match': match, 'if-none-match': noneMatch } = headers
  if (match === undefined && noneMatch === undefined) return undefined
  return (stands) =>
    (match === undefined || names(match, stands, 'strong')) &&
    (noneMatch === undefined || !names(noneMatch, stands, 'weak'))
}

/** True when `If-None-Match` names what stands: the reader has it already. */
export const isKnown = (noneMatch: string | undefined, stands: Stored): boolean =>
  noneMatch !== undefined && names(noneMatch, stands, 'weak')

const names = (header: string, stands: Stored | undefined, comparison: 'strong' | 'weak'): boolean => {
  if (stands === undefined) return false
  if (header.trim() === '*') return true
  const tag = etagOf(stands)
  return [...header.matchAll(/(W\/)?("[^"]*")/g)].some(
    ([, weak, opaque]) => opaque === tag && (comparison === 'weak' || weak === undefined),
  )
}
