import { byIngressRank, type IngressRank } from '../../model/ingressRank.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import type { IngressEntry } from './ingressEntry.ts'
import { ingressMatch } from './ingressRoutes.ts'

/** Orders the rules of one host as they are tried. */
export const byIngressOrder = (a: IngressEntry, b: IngressEntry): number =>
  byIngressRank(rankOf(a), rankOf(b))

const rankOf = (rule: IngressEntry): IngressRank => {
  const {
    path = { kind: 'prefix', value: '/' } as const,
    headers,
    method,
    authority,
    scheme,
  } = ingressMatch(rule)
  return {
    precedence: rule.resource.spec.precedence ?? 0,
    path: path.kind,
    length: path.value.length,
    conditions: headers.length + [method, authority, scheme].filter((one) => one !== undefined).length,
    key: keyOf(nameOf(rule.resource)),
  }
}
