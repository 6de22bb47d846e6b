import { isIPv4 } from 'node:net'
import { type HttpProblem, problem } from './problem.ts'

/** Where the server listens, and names that it is reached by besides. */
export type Guarded = { readonly host: string; readonly allowedHosts: readonly string[] }

type Asked = {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly host: string | undefined
  readonly origin: string | undefined
}

/** Why a request must not be answered, or `undefined`. On loopback only loopback names and `allowedHosts` pass in
 *  `Host`: else a page could rebind its own name to 127.0.0.1 and read the mesh. A write from a page of another
 *  origin is refused anywhere: browsers send it without asking, with whatever the network around them may reach. */
export const hostGuard =
  ({ host: listensOn, allowedHosts }: Guarded) =>
  ({ method, url, host, origin }: Asked): HttpProblem | undefined => {
    const allowed = new Set(allowedHosts.map((name) => name.toLowerCase()))
    const name = hostnameOf(host ?? '')
    if (isLoopback(listensOn) && !isLoopback(name) && !allowed.has(name) && !isCluster(name, url))
      return problem(
        'foreign-host',
        `this server answers to loopback names only, not to ${JSON.stringify(host ?? '')}`,
      )
    if (origin === undefined || safeMethods.has(method)) return undefined
    if (sameOrigin(origin, host) || allowed.has(hostnameOf(hostOf(origin) ?? ''))) return undefined
    return problem('foreign-origin', `a page of ${JSON.stringify(origin)} may not write here`)
  }

// An Envoy that asks over REST names its own cluster as the host. No page's name is without a dot.
const isCluster = (name: string, url: string): boolean =>
  /^\/(?:v3\/discovery:|v1\/)/.test(url) && /^[\w-]+$/.test(name)

const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** True for `localhost`, 127.0.0.0/8 and ::1. */
export const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '::1' || name === '[::1]' || (isIPv4(name) && name.startsWith('127.'))

const hostnameOf = (host: string): string => host.replace(/:\d*$/, '').toLowerCase()

const hostOf = (origin: string): string | undefined =>
  URL.canParse(origin) ? new URL(origin).host : undefined

const sameOrigin = (origin: string, host: string | undefined): boolean =>
  host !== undefined && URL.canParse(`http://${host}`) && hostOf(origin) === new URL(`http://${host}`).host
