import { namespaceNamed } from '../../model/namespaceNamed.ts'
import type { ProxyIdentity } from '../../model/proxy.ts'
import { subjectToken } from '../../model/subjectToken.ts'
import { inboxesOfAgents, inboxOf, type MeshRole } from './meshRole.ts'
import {
  checkpointBucketName,
  eventStreamName,
  eventSubjects,
  leaseStreamName,
  leaseSubjects,
  turnSubject,
} from './meshStream.ts'

/** The subjects that a user of NATS may publish to and subscribe to; nothing else. */
export type Permissions = { readonly publish: readonly string[]; readonly subscribe: readonly string[] }

/** The least that a role of `mesh` needs.
 *
 *  Who may ask JetStream's API anything may write into any subject, the log's too: the servers send their answer to
 *  whatever reply the question names, and look at no permission (nats-server 2.14.9). So only controllers may, and
 *  `debug` publishes nothing at all. */
export const permissionsOf = (mesh: string, role: MeshRole): Permissions => {
  if (role.type === 'controller') return controller(mesh)
  if (role.type === 'agent') return agent(mesh, role.identity)
  return { publish: [], subscribe: [`rutter.${mesh}.>`] }
}

const controller = (mesh: string): Permissions => ({
  publish: [
    eventSubjects(mesh).entry,
    turnSubject(mesh),
    leaseSubjects(mesh).all,
    `rutter.${mesh}.controllers.*`,
    `rutter.${mesh}.fleet.*`,
    `rutter.${mesh}.fragment.>`,
    `rutter.${mesh}.proxy.*`,
    // Answers to agents, and to other controllers.
    inboxesOfAgents(mesh),
    `${inboxOf(mesh, { type: 'controller' })}.>`,
    // The client asks for it before it opens an object store.
    '$JS.API.INFO',
    ...logApi(eventStreamName(mesh)),
    ...checkpointApi(checkpointBucketName(mesh)),
    ...leaseApi(leaseStreamName(mesh)),
  ],
  subscribe: [
    turnSubject(mesh),
    leaseSubjects(mesh).all,
    `rutter.${mesh}.controllers.*`,
    `rutter.${mesh}.fleet.*`,
    `rutter.${mesh}.sync.*`,
    `rutter.${mesh}.status.*`,
    `${inboxOf(mesh, { type: 'controller' })}.>`,
  ],
})

/** What is asked about the log's stream: that it is made, read and followed; never changed, purged or deleted. */
const logApi = (stream: string): readonly string[] => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.CREATE.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
  ...consumerApi(stream),
]

/** An object store is a stream whose chunks and names are messages; what is replaced is purged. */
const checkpointApi = (bucket: string): readonly string[] => {
  const stream = `OBJ_${bucket}`
  return [
    `$O.${bucket}.>`,
    `$JS.API.STREAM.INFO.${stream}`,
    `$JS.API.STREAM.CREATE.${stream}`,
    `$JS.API.STREAM.PURGE.${stream}`,
    `$JS.API.STREAM.MSG.GET.${stream}`,
    ...consumerApi(stream),
    `$JS.FC.${stream}.>`,
  ]
}

const leaseApi = (stream: string): readonly string[] => [
  `$JS.API.STREAM.CREATE.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
]

const consumerApi = (stream: string): readonly string[] => [
  `$JS.API.CONSUMER.CREATE.${stream}.>`,
  `$JS.API.CONSUMER.DELETE.${stream}.*`,
  // After a reconnect an ordered consumer asks whether it is still there.
  `$JS.API.CONSUMER.INFO.${stream}.*`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
]

const agent = (mesh: string, identity: ProxyIdentity): Permissions => {
  const node = subjectToken(identity.node)
  const namespace = subjectToken(namespaceNamed(identity) ?? '-')
  return {
    publish: [`rutter.${mesh}.sync.${node}`, `rutter.${mesh}.status.${node}`],
    subscribe: [
      `rutter.${mesh}.fragment.shared.>`,
      `rutter.${mesh}.fragment.private.${namespace}.>`,
      `rutter.${mesh}.proxy.${node}`,
      `${inboxOf(mesh, { type: 'agent', identity })}.>`,
    ],
  }
}
