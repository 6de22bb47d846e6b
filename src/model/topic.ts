import type { Topic } from './frame.ts'
import { subjectToken } from './subjectToken.ts'

/** The topic of what one proxy has of its own. */
export const proxyTopic = (node: string): Topic => `proxy.${subjectToken(node)}`

/** The topic of the endpoints of one cluster, which everybody shares who reads it; `apart` tells those of one name apart
 *  that are not for everybody. */
export const endpointsTopic = (namespace: string, cluster: string, apart = ''): Topic =>
  `${sharedEndpoints}.${subjectToken(namespace || '-')}.${subjectToken(cluster)}${apart && `@${apart}`}`

/** Above all topics of endpoints. */
export const sharedEndpoints = 'fragment.shared.endpoints'

/** The topic of the view whose key has this hash, for readers of a namespace. */
export const viewTopic = (namespace: string, hash: string): Topic =>
  `fragment.private.${subjectToken(namespace || '-')}.view.${hash}`
