import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { ProxyIdentity, ProxyType } from '../model/proxy.ts'
import { canonicalIp, ipVersion } from './ipAddress.ts'

/** The most that a node id may have, in bytes of UTF-8 (contract §2). */
export const nodeIdMaxBytes = 256

const proxyTypes: readonly ProxyType[] = ['sidecar', 'ingress', 'router']

/** Who an Envoy is by its node id: with four parts `type~ip~id~domain` a proxy, else a bare node (contract §2).
 *  Its `ip` is in canonical form, `node` as it was given. Left says in a sentence why it is neither: empty, too long, control characters, another type, a wrong ip. */
export const parseNodeId = (node: string): Either<string, ProxyIdentity> => {
  const bytes = new TextEncoder().encode(node).length
  if (bytes === 0) return left('The node id is empty; it has 1 to 256 bytes.')
  if (bytes > nodeIdMaxBytes) return left(`The node id has ${bytes} bytes; it has 1 to ${nodeIdMaxBytes}.`)
  if (/\p{Cc}|\p{Surrogate}/u.test(node)) {
    return left('The node id holds a control character or half a surrogate pair; it may hold neither.')
  }
  const parts = node.split('~')
  if (parts.length !== 4) return right({ type: 'bare', node })
  const [typeName = '', ip = '', id = '', domain = ''] = parts
  const type = proxyTypes.find((known) => known === typeName)
  if (type === undefined) {
    return left(`The node id names the type "${typeName}"; a proxy is of type ${proxyTypes.join(', ')}.`)
  }
  if (ip !== '' && ipVersion(ip) === undefined) {
    return left(`The node id names the ip "${ip}"; it is an IPv4 or IPv6 address, or empty.`)
  }
  return right({ type, node, ip: canonicalIp(ip), id, domain })
}
