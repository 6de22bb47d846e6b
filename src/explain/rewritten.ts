import { type Json, mapAt, setOf, textAt } from './json.ts'
import { replaceRegex } from './matchesRegex.ts'
import { headerText } from './seenHeaders.ts'
import type { SeenRequest } from './seenRequest.ts'

/** The path that an action leaves of the request's: `prefix_rewrite` replaces the prefix that `match` named, or the whole
 *  path where it named all of it or a regex; `regex_rewrite` replaces what its pattern finds. The query stays. */
export const rewrittenPath = (action: Json, match: Json, { path }: SeenRequest): string => {
  const prefix = textAt(action, 'prefix_rewrite') ?? ''
  if (prefix !== '') {
    const matched = matchedPath(match, withoutQuery(path))
    // Path parameters that matching ignores may stand within what it matched: Envoy then rewrites nothing.
    const isThere = path.slice(0, matched.length).toLowerCase() === matched.toLowerCase()
    return isThere ? prefix + path.slice(matched.length) : path
  }
  const regex = mapAt(action, 'regex_rewrite')
  if (regex === undefined) return path
  return replacedBy(regex, withoutQuery(path)) + path.slice(withoutQuery(path).length)
}

/** The authority that a RouteAction leaves of the request's; `undefined` where only Envoy knows it. */
export const rewrittenAuthority = (
  action: Json,
  { authority, headers, path }: SeenRequest,
  clusters: readonly (Json | undefined)[],
): string | undefined => {
  const literal = textAt(action, 'host_rewrite_literal')
  if (literal !== undefined && literal !== '') return literal
  const header = textAt(action, 'host_rewrite_header')
  if (header !== undefined) {
    const name = header.toLowerCase()
    return headers.has(name) && headers.get(name) === undefined
      ? undefined
      : headerText(headers, name) || authority
  }
  const regex = mapAt(action, 'host_rewrite_path_regex')
  if (regex !== undefined) return replacedBy(regex, withoutQuery(path))
  return action['auto_host_rewrite'] === true ? commonHost(clusters) : authority
}

const replacedBy = (rewrite: Json, value: string): string =>
  replaceRegex(textAt(mapAt(rewrite, 'pattern'), 'regex') ?? '', textAt(rewrite, 'substitution') ?? '', value)

const withoutQuery = (path: string): string => path.replace(/[?#].*$/s, '')

const matchedPath = (match: Json, path: string): string => {
  const named = setOf(match, ['prefix', 'path_separated_prefix', 'path'] as const)
  return named === undefined ? path : (textAt(match, named) ?? '')
}

// Envoy takes the name of the endpoint that it chooses: known where a cluster finds all of its endpoints by one name.
const commonHost = (clusters: readonly (Json | undefined)[]): string | undefined => {
  const hosts = new Set(
    clusters.flatMap((cluster) => (cluster === undefined ? [undefined] : endpointHosts(cluster))),
  )
  const [only] = hosts
  return hosts.size === 1 ? only : undefined
}

const endpointHosts = (cluster: Json): readonly (string | undefined)[] => {
  const type = textAt(cluster, 'type')
  if (type !== 'STRICT_DNS' && type !== 'LOGICAL_DNS') return [undefined]
  const groups = (mapAt(cluster, 'load_assignment')?.['endpoints'] ?? []) as readonly Json[]
  return groups
    .flatMap((group) => (group['lb_endpoints'] ?? []) as readonly Json[])
    .map((one) => mapAt(one, 'endpoint'))
    .map(
      (one) => textAt(one, 'hostname') || textAt(mapAt(mapAt(one, 'address'), 'socket_address'), 'address'),
    )
}
