import { type Json, numberAt, textAt } from './json.ts'
import { headerText } from './seenHeaders.ts'
import type { SeenRequest } from './seenRequest.ts'

/** The `Location` that a RedirectAction (envoy/config/route/v3/route_components.proto) answers; `path` is the request's,
 *  rewritten where the action says so. */
export const redirectLocation = (
  redirect: Json,
  { scheme, authority, headers }: SeenRequest,
  path: string,
): string => {
  const to = textAt(redirect, 'scheme_redirect') ?? (redirect['https_redirect'] === true ? 'https' : scheme)
  const port = numberAt(redirect, 'port_redirect')
  const host =
    textAt(redirect, 'host_redirect') ||
    hostOf(authority, headerText(headers, 'x-forwarded-proto'), to, port !== undefined)
  const place = pathOf(redirect, path)
  const query = redirect['strip_query'] === true && !hasQuery(redirect) ? place.replace(/\?.*$/s, '') : place
  return `${to}://${host}${port === undefined ? '' : `:${port}`}${query}`
}

const pathOf = (redirect: Json, path: string): string => {
  const given = textAt(redirect, 'path_redirect')
  if (given === undefined || given === '') return path
  const whole = given.startsWith('/') ? given : `/${given}`
  const query = path.indexOf('?')
  return given.includes('?') || query === -1 ? whole : whole + path.slice(query)
}

const hasQuery = (redirect: Json): boolean => textAt(redirect, 'path_redirect')?.includes('?') ?? false

// A port that was the old scheme's own is left out, and any is where another one is given.
const hostOf = (authority: string, from: string, to: string, portGiven: boolean): string => {
  const [, host = authority, port] = /^(.*):([^:\]]*)$/.exec(authority) ?? []
  if (port === undefined) return authority
  const own = new Map([
    ['http', '80'],
    ['https', '443'],
  ]).get(from)
  return portGiven || (from !== to && port === own) ? host : authority
}
