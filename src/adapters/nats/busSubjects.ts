import { subjectToken } from '../../model/subjectToken.ts'
import { inboxOf } from './meshRole.ts'

/** The subjects between controllers and agents of a mesh (contract §7). Topics stand below `prefix`. */
export const busSubjects = (mesh: string) => ({
  prefix: `rutter.${mesh}.`,
  /** Where agents ask for what they miss; the last token is the node's. */
  sync: (node: string): string => `rutter.${mesh}.sync.${subjectToken(node)}`,
  everySync: `rutter.${mesh}.sync.*`,
  /** Where agents say how their Envoys do. */
  status: (node: string): string => `rutter.${mesh}.status.${subjectToken(node)}`,
  everyStatus: `rutter.${mesh}.status.*`,
  /** Where the agent of a node is told what is found of its status. */
  verdict: (node: string): string => `${inboxOf(mesh, { type: 'agent', identity: { node } })}.verdict`,
  /** Where controllers show themselves to each other. */
  controller: (id: string): string => `rutter.${mesh}.controllers.${id}`,
  everyController: `rutter.${mesh}.controllers.*`,
  /** Where other controllers ask the controller `id` about proxies, and where the answers come to. */
  fleet: (id: string): string => `rutter.${mesh}.fleet.${id}`,
  controllerInbox: `_INBOX_rutter.${mesh}.controller`,
  /** Where controllers ask all agents how they do. */
  roll: `rutter.${mesh}.fragment.shared.roll`,
})

/** The token at the end of a subject. */
export const lastToken = (subject: string): string => subject.slice(subject.lastIndexOf('.') + 1)
