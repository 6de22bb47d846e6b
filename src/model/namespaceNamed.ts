import type { ProxyIdentity } from './proxy.ts'

/** The namespace that a node id names by itself: `default` of the domain `default.svc.…`, else what stands behind the
 *  last dot of its id (`reviews-v1.default`), else `default`. A bare node has none. */
export const namespaceNamed = (identity: ProxyIdentity): string | undefined => {
  if (identity.type === 'bare') return undefined
  const [, ofDomain] = /^([^.]+)\.svc(\.|$)/.exec(identity.domain) ?? []
  if (ofDomain !== undefined) return ofDomain
  const dot = identity.id.lastIndexOf('.')
  return dot === -1 ? 'default' : identity.id.slice(dot + 1)
}
