import { sameJson } from '../../model/sameJson.ts'
import type { HttpMatch, NamedMatch, TextMatch } from './httpRoute.ts'

/** True when every request that meets `second` meets `first` too, as far as this can be seen: regexes are only compared
 *  letter for letter. False says nothing. */
export const matchCovers = (first: HttpMatch, second: HttpMatch): boolean =>
  (isAnyPath(first.path) || textCovers(first.path, second.path)) &&
  (['method', 'authority', 'scheme'] as const).every(
    (part) => first[part] === undefined || textCovers(first[part], second[part]),
  ) &&
  (['headers', 'query'] as const).every((part) =>
    first[part].every((wanted) => second[part].some((given) => namedCovers(wanted, given))),
  )

const isAnyPath = (path: TextMatch | undefined): boolean =>
  path === undefined || (path.kind === 'prefix' && '/'.startsWith(path.value))

const namedCovers = (wanted: NamedMatch, given: NamedMatch): boolean => {
  if (sameJson(wanted, given)) return true
  if (wanted.name !== given.name || wanted.not === true || given.not === true) return false
  return wanted.text === undefined || textCovers(wanted.text, given.text)
}

const textCovers = (wanted: TextMatch | undefined, given: TextMatch | undefined): boolean => {
  if (wanted === undefined || given === undefined) return false
  if (sameJson(wanted, given) || (wanted.kind === 'regex' && wanted.value === '.*')) return true
  if (wanted.kind === 'regex' || given.kind === 'regex') return false
  if (wanted.kind === 'exact' && given.kind !== 'exact') return false
  const ignoreCase = wanted.ignoreCase === true
  if (given.ignoreCase === true && !ignoreCase) return false
  const [a, b] = ignoreCase
    ? [wanted.value.toLowerCase(), given.value.toLowerCase()]
    : [wanted.value, given.value]
  return wanted.kind === 'prefix' ? b.startsWith(a) : a === b
}
