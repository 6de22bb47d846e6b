import type { HttpMatchRequest, IstioStringMatch } from '../../model/istio/virtualService.ts'
import { byCodeUnit } from '../../model/resourceName.ts'
import type { HttpMatch, NamedMatch, TextMatch } from '../routes/httpRoute.ts'
import { textMatch } from './textMatch.ts'

/** What an alternative of an HTTP route matches of a request; its conditions on callers are not the request's. */
export const compileHttpMatch = (match: HttpMatchRequest): HttpMatch => {
  const path = pathOf(match)
  const [method, authority, scheme] = [match.method, match.authority, match.scheme].map(
    (text) => text && textMatch(text),
  )
  return {
    ...(path && { path }),
    ...(method && { method }),
    ...(authority && { authority }),
    ...(scheme && { scheme }),
    headers: [
      ...named(match.headers).map(([name, text]) => headerMatch(name, text)),
      ...named(match.withoutHeaders).map(
        ([name, text]): NamedMatch => ({ ...headerMatch(name, text), not: true }),
      ),
    ],
    query: named(match.queryParams).map(([name, text]) => namedMatch(name, text)),
  }
}

const pathOf = ({ uri, ignoreUriCase }: HttpMatchRequest): TextMatch | undefined => {
  const path = uri && textMatch(uri)
  return path === undefined || ignoreUriCase !== true || path.kind === 'regex'
    ? path
    : { ...path, ignoreCase: true }
}

const named = (
  matches: Readonly<Record<string, IstioStringMatch>> | undefined,
): readonly (readonly [name: string, text: IstioStringMatch])[] =>
  matches === undefined ? [] : Object.entries(matches).sort(([a], [b]) => byCodeUnit(a, b))

const headerMatch = (name: string, text: IstioStringMatch): NamedMatch => namedMatch(name.toLowerCase(), text)

const namedMatch = (name: string, match: IstioStringMatch): NamedMatch => {
  const text = textMatch(match)
  return text === undefined ? { name } : { name, text }
}
