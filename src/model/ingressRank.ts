import { byCodeUnit } from './resourceName.ts'

/** What decides where a rule of an ingress stands among those of its host. */
export type IngressRank = {
  readonly precedence: number
  /** How the path is matched, and how long what it is matched with is. */
  readonly path: 'exact' | 'prefix' | 'regex'
  readonly length: number
  readonly conditions: number
  readonly key: string
}

/** Orders rules as they are tried (docs/spec I3): by precedence from high to low; exact paths, then regexes, then
 *  prefixes, the longer first; then the more conditions, then the smaller key. */
export const byIngressRank = (a: IngressRank, b: IngressRank): number =>
  b.precedence - a.precedence ||
  kinds[a.path] - kinds[b.path] ||
  b.length - a.length ||
  b.conditions - a.conditions ||
  byCodeUnit(a.key, b.key)

const kinds: Readonly<Record<IngressRank['path'], number>> = { exact: 0, regex: 1, prefix: 2 }
