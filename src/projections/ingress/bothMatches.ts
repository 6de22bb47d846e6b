import { sameJson } from '../../model/sameJson.ts'
import type { HttpMatch, NamedMatch, TextMatch } from '../routes/httpRoute.ts'

type PathMatch = Pick<HttpMatch, 'path' | 'headers'>

/** What meets `a` and `b` both; `undefined` when nothing does, or when both want the path to match a regex of their
 *  own, which one route cannot ask for. */
export const bothMatches = (a: HttpMatch, b: HttpMatch): HttpMatch | undefined => {
  const path = bothPaths(a.path, b.path)
  if (path === undefined) return undefined
  const method = a.method ?? b.method
  const authority = a.authority ?? b.authority
  const scheme = a.scheme ?? b.scheme
  return {
    ...(path.path && { path: path.path }),
    ...(method && { method }),
    ...(authority && { authority }),
    ...(scheme && { scheme }),
    headers: [
      ...a.headers,
      ...b.headers.filter((header) => !a.headers.some((its) => sameJson(its, header))),
      ...path.headers,
      ...second(':method', a.method, b.method),
      ...second(':authority', a.authority, b.authority),
      ...second(':scheme', a.scheme, b.scheme),
    ],
    query: [...a.query, ...b.query],
  }
}

const second = (name: string, a: TextMatch | undefined, b: TextMatch | undefined): readonly NamedMatch[] =>
  a === undefined || b === undefined || sameJson(a, b) ? [] : [{ name, text: b }]

const bothPaths = (a: TextMatch | undefined, b: TextMatch | undefined): PathMatch | undefined => {
  if (a === undefined || b === undefined) return onlyPath(a ?? b)
  if (sameJson(a, b)) return onlyPath(a)
  if (a.kind === 'regex') return b.kind === 'regex' ? undefined : { path: a, headers: [inPath(b)] }
  if (b.kind === 'regex') return { path: b, headers: [inPath(a)] }
  if (a.kind === 'prefix' && b.value.startsWith(a.value)) return onlyPath(b)
  if (b.kind === 'prefix' && a.value.startsWith(b.value)) return onlyPath(a)
  return undefined
}

const onlyPath = (path: TextMatch | undefined): PathMatch => ({ ...(path && { path }), headers: [] })

// The header holds the query too, of which an exact path says nothing.
const inPath = ({ kind, value }: TextMatch): NamedMatch => ({
  name: ':path',
  text:
    kind === 'prefix'
      ? { kind, value }
      : { kind: 'regex', value: `${value.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(\\?.*)?` },
})
