import type { AskedRequest } from '../../src/model/askedRequest.ts'
import type { Draw } from './draw.ts'

/** Paths, many of which begin with others, or are the same once they are normalized. */
export const paths = [
  '/',
  '/a',
  '/A',
  '/ab',
  '/a/',
  '/a/b',
  '/a/b/c',
  '/a?q=1',
  '/a/b?q=1&r=2',
  '/a?q',
  '/a?q=1&q=2',
  '/a?r=x%20y&Q=1',
  '/a?q=a=b&&r',
  '/a;v=1/b',
  '//a//b',
  '/a/./b',
  '/a/../a/b',
  '/a/x/..',
  '/a/%2e%2E/b',
  '/%61/b',
  '/a%2Fb',
  '/a%2fb?x=//y/../z',
  '/a/b/',
  '/a/b%zz',
  '/a/~b%7Eb',
  '/a/b[1]|"{}^`',
  '/products/12',
  '/products/x',
  '/v1/users/7?full=true',
] as const

/** Names and values of headers that rules and requests use. */
export const headerValues: Readonly<Record<string, readonly string[]>> = {
  'x-user': ['jason', 'Jason', 'jasons', 'x jason', ''],
  'x-number': ['7', '+7', '-3', '007', '7.0', '12', '9223372036854775807', 'seven'],
  cookie: ['user=jason', 'a=b; user=jason', 'user=other'],
  'user-agent': ['curl/8', 'Mozilla/5.0 (X11)'],
  'x-forwarded-client-cert': ['By=a;Hash=b', 'By=a;Hash=b,By=c;Hash=d'],
}

/** A request for `authority`, plain HTTP, sent to `origin`. */
export const randomRequest = (draw: Draw, authority: string, origin: string): AskedRequest => {
  const headers: Record<string, string | string[]> = { host: authority }
  for (const name of draw.some(Object.keys(headerValues), 0, 3)) {
    const values = headerValues[name] ?? []
    headers[name] = draw.chance(0.1) ? draw.some(values, 2, 2) : draw.one(values)
  }
  if (draw.chance(0.05)) headers['x-forwarded-proto'] = draw.one(['https', 'http', 'ftp'])
  if (draw.chance(0.1)) headers['origin'] = draw.one(['http://a.test', 'http://b.test'])
  if (draw.chance(0.1)) headers['access-control-request-method'] = 'PUT'
  if (draw.chance(0.05))
    headers['content-type'] = draw.one(['application/grpc', 'application/grpc+proto', 'application/grpcx'])
  if (draw.chance(0.05))
    Object.assign(headers, { connection: 'upgrade', upgrade: draw.one(['websocket', 'other']) })
  const preflight = draw.chance(0.08)
  if (preflight) {
    headers['origin'] = draw.one(['http://a.test', 'http://b.test', 'HTTP://A.test'])
    headers['access-control-request-method'] = draw.one(['GET', 'PUT'])
  }
  return {
    method: preflight ? 'OPTIONS' : draw.one(['GET', 'GET', 'GET', 'POST', 'OPTIONS', 'OPTIONS', 'DELETE']),
    url: `${origin}${draw.one(paths)}`,
    headers,
  }
}
