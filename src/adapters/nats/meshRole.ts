import type { ProxyIdentity } from '../../model/proxy.ts'
import { subjectToken } from '../../model/subjectToken.ts'

/** As what a client comes to the servers of a mesh: a controller, somebody who looks on, the agent of one proxy. */
export type MeshRole =
  | { readonly type: 'controller' }
  | { readonly type: 'debug' }
  | { readonly type: 'agent'; readonly identity: ProxyIdentity }

/** All of a role that its names hang on. */
type NamedRole =
  | Exclude<MeshRole, { readonly type: 'agent' }>
  | { readonly type: 'agent'; readonly identity: Pick<ProxyIdentity, 'node'> }

/** What a role of `mesh` is called, in user names and inboxes; different roles have different names, and none is the
 *  beginning of another's. */
export const nameOfRole = (mesh: string, role: NamedRole): string => {
  return role.type === 'agent'
    ? `${namesOfAgents(mesh)}${subjectToken(role.identity.node)}`
    : `rutter.${mesh}.${role.type}`
}

/** How the names of all agents begin. */
const namesOfAgents = (mesh: string): string => `rutter.${mesh}.agent.`

/** Where a role's answers come to, and nobody else's; what a client takes for its `inboxPrefix`. */
export const inboxOf = (mesh: string, role: NamedRole): string => inboxNamed(nameOfRole(mesh, role))

/** The wildcard that takes in the inboxes of all agents of `mesh`. */
export const inboxesOfAgents = (mesh: string): string => inboxNamed(`${namesOfAgents(mesh)}>`)

const inboxNamed = (name: string): string => `_INBOX_${name}`
