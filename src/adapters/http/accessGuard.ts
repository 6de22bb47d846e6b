import type { FastifyRequest } from 'fastify'
import type { TokenRole } from '../../codecs/tokenFile.ts'
import { docsPath } from './docs.ts'
import type { KnownTokens } from './knownTokens.ts'
import { type HttpProblem, problem } from './problem.ts'

/** What a request needs: `open` is for everybody. */
export type Access = 'open' | TokenRole

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Absent: by the method, and by whether it is a dry run. */
    access?: Access | undefined
  }
  interface FastifyRequest {
    /** Who asks: the name of its token, or `anonymous` where none is asked for. */
    actor: string
  }
}

/** Why a request must not be answered for want of a token, or of one that may do so; `undefined` when it may, and then
 *  its `actor` is set. What nobody has described needs a token too. */
export const accessGuard =
  (tokens: KnownTokens) =>
  (request: FastifyRequest): HttpProblem | undefined => {
    const needed = accessOf(request)
    if (needed === 'open') return undefined
    const token = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
    const bearer = token === undefined ? undefined : tokens.bearer(token)
    if (bearer === undefined) return unauthenticated(request.headers.authorization !== undefined)
    if (needed === 'write' && bearer.role === 'read') return forbidden(bearer.name)
    request.actor = bearer.name
    return undefined
  }

const accessOf = ({ method, query, routeOptions }: FastifyRequest): Access => {
  const { config, url = '' } = routeOptions
  if (config?.access !== undefined) return config.access
  if (url === docsPath || url.startsWith(`${docsPath}/`)) return 'open'
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return 'read'
  // What `rutter lint` asks: it appends nothing.
  const { dryRun } = query as Readonly<Record<string, unknown>>
  return dryRun === 'true' ? 'read' : 'write'
}

// RFC 6750 §3: what was shown and does not count is told apart from what was not shown.
const unauthenticated = (shown: boolean): HttpProblem =>
  problem(
    'unauthenticated',
    shown ? 'the token is not known here' : 'the request must show a token: Authorization: Bearer …',
    { headers: { 'www-authenticate': `Bearer realm="rutter"${shown ? ', error="invalid_token"' : ''}` } },
  )

const forbidden = (name: string): HttpProblem =>
  problem('forbidden', `the token of ${name} may only read`, {
    headers: {
      'www-authenticate': 'Bearer realm="rutter", error="insufficient_scope", scope="write"',
    },
  })
