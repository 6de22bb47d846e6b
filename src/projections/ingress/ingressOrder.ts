import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { TextMatch } from '../httpRoute.ts'
import type { IngressEntry } from './ingressEntry.ts'
import { ingressMatch } from './ingressRoutes.ts'

/** Orders the rules of one host as they are tried: by precedence from high to low; exact paths, then regexes, then
 *  prefixes, the longer first; then the more conditions, then the smaller key. */
export const byIngressOrder = (a: IngressEntry, b: IngressEntry): number => {
  const [first, second] = [rankOf(a), rankOf(b)]
  return (
    second.precedence - first.precedence ||
    first.kind - second.kind ||
    second.length - first.length ||
    second.conditions - first.conditions ||
    byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource)))
  )
}

const kinds: Readonly<Record<TextMatch['kind'], number>> = { exact: 0, regex: 1, prefix: 2 }

const rankOf = (rule: IngressEntry) => {
  const {
    path = { kind: 'prefix', value: '/' } as const,
    headers,
    method,
    authority,
    scheme,
  } = ingressMatch(rule)
  return {
    precedence: rule.resource.spec.precedence ?? 0,
    kind: kinds[path.kind],
    length: path.value.length,
    conditions: headers.length + [method, authority, scheme].filter((one) => one !== undefined).length,
  }
}
