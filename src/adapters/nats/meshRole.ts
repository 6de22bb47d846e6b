import type { ProxyIdentity } from '../../model/proxy.ts'
import { subjectToken } from '../../model/subjectToken.ts'

/** As what a client comes to the servers of a mesh: a controller, somebody who looks on, the agent of one proxy. */
export type MeshRole =
  | { readonly type: 'controller' }
  | { readonly type: 'debug' }
  | { readonly type: 'agent'; readonly identity: ProxyIdentity }

/** What a role of `mesh` is called, in user names and inboxes; different roles have different names, and none is the
 *  beginning of another's. */
export const nameOfRole = (mesh: string, role: MeshRole): string => {
  const own = role.type === 'agent' ? `agent.${subjectToken(role.identity.node)}` : role.type
  return `rutter.${mesh}.${own}`
}

/** Where a role's answers come to, and nobody else's; what a client takes for its `inboxPrefix`. */
export const inboxOf = (mesh: string, role: MeshRole): string => `_INBOX_${nameOfRole(mesh, role)}`
