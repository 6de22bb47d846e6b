import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { inboxOf } from '../../src/adapters/nats/meshRole.ts'
import { type StartedAgent, startAgent } from '../../src/cli/startAgent.ts'
import { type StartedController, startController } from '../../src/cli/startController.ts'
import { encodeAgentStatus, encodeSyncRequest } from '../../src/codecs/busMessage.ts'
import { parseNodeId } from '../../src/codecs/nodeId.ts'
import type { Standing } from '../../src/model/frame.ts'
import type { ProxyIdentity } from '../../src/model/proxy.ts'
import { subjectToken } from '../../src/model/subjectToken.ts'
import { type Login, loggedIn, type MeshLogins, meshLogins } from '../adapters/nats/meshLogins.ts'
import { type NatsServers, startNats } from '../adapters/nats/natsHarness.ts'
import { natsServerOrSkip } from '../natsServerOrSkip.ts'
import { service } from '../reducers/given.ts'

const nats = await natsServerOrSkip()

const own = 'sidecar~10.1.0.7~reviews-v1~default.svc.cluster.local'
const other = 'sidecar~10.1.0.8~ratings-v1~shop.svc.cluster.local'
const [ownToken, otherToken] = [subjectToken(own), subjectToken(other)]

const identityOf = (node: string): ProxyIdentity => {
  const identity = parseNodeId(node)
  if (isRight(identity)) return identity.right
  throw new Error(identity.left)
}

const nowhere = { digest: '', position: 0 }
const standing: Standing = { own: nowhere, view: { ...nowhere, topic: '' }, endpoints: nowhere }
const syncOf = (node: string) => encodeSyncRequest({ node, metadata: {}, standing })
const statusOf = (node: string) =>
  encodeAgentStatus({
    node,
    metadata: {},
    standing,
    position: 0,
    status: { id: node, type: 'sidecar', connected: true, state: 'synced', ackedPosition: 0, rejections: [] },
  })

describe.skipIf(nats.skip)('controllers and agents on servers with permissions', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-guarded-'))
  let logins: MeshLogins
  let servers: NatsServers
  let controller: StartedController
  const agents: StartedAgent[] = []
  const notices: string[] = []
  const notice = (message: string): void => void notices.push(message)

  beforeAll(async () => {
    logins = await meshLogins(directory, '--agent', own, '--agent', other)
    servers = await startNats(nats.path, { extra: `include "../${basename(directory)}/nats.conf"` })
    const profile = (login: Login, role: Parameters<typeof inboxOf>[1]) => ({
      urls: servers.urls,
      clientName: 'test',
      inboxPrefix: inboxOf('default', role),
      user: login.user,
      password: login.password,
    })
    controller = await startController({
      log: { profile: profile(logins.credentials().controller, { type: 'controller' }), mesh: 'default' },
      http: { host: '127.0.0.1', port: 0 },
      xds: { host: '127.0.0.1', port: 0 },
      version: 'test',
      notice,
      lost: (reason) => {
        throw reason
      },
    })
    for (const login of logins.credentials().agents) {
      const identity = identityOf(login.node ?? '')
      const agent = await startAgent(
        {
          mesh: 'default',
          identity,
          metadata: {},
          profile: profile(login, { type: 'agent', identity }),
          state: mkdtempSync(join(directory, 'state-')),
          envoy: undefined,
          notice,
        },
        new AbortController().signal,
      )
      agents.push(agent)
    }
  })
  afterAll(async () => {
    await Promise.all(agents.map((agent) => agent.stop()))
    await controller?.close()
    await servers?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const apply = async (name: string): Promise<number> => {
    const changes = [{ type: 'apply' as const, resource: service(name) }]
    const written = await controller.controller.write({ changes, actor: 'test', source: 'test' })
    if (isLeft(written)) throw new Error(JSON.stringify(written.left))
    return written.right.position
  }

  const figure = async (name: string): Promise<number> => {
    const text = await (await fetch(`${controller.http.url}/metrics`)).text()
    return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
  }

  /** Every agent holds what the controller says as of now. */
  const served = () =>
    expect
      .poll(() => agents.map((agent) => agent.running.origin()), { timeout: 15_000 })
      .toEqual(['controller', 'controller'])

  test('Z9: all their work is done, and nothing of it refused', async () => {
    await served()
    await apply('reviews')
    await expect
      .poll(async () => (await controller.controller.proxies()).proxies.map(({ id }) => id).sort())
      .toEqual([own, other].sort())
    expect(servers.servers[0]?.said()).not.toContain('Violation')
    expect(await figure('rutter_nats_errors_total')).toBe(0)
    expect(await figure('rutter_bus_messages_refused_total')).toBe(0)
    expect(notices.filter((text) => /violation|refuse/i.test(text))).toEqual([])
  })

  const hostileReplies: readonly (string | undefined)[] = [
    undefined,
    `rutter.default.proxy.${otherToken}`,
    `rutter.default.proxy.${ownToken}`,
    `rutter.default.status.${otherToken}`,
    `rutter.default.sync.${otherToken}`,
    'rutter.default.fragment.shared.roll',
    'rutter.default.fragment.shared.endpoints.default.x',
    'rutter.default.fragment.private.default.view.x',
    'rutter.default.events.entry',
    'rutter.default.turn',
    'rutter.default.controllers.other',
    `_INBOX_rutter.default.agent.${otherToken}.x.y`,
    `_INBOX_rutter.default.agent.${ownToken}`,
    `_INBOX_rutter.default.agent.${ownToken}-x.y`,
    `_INBOX_rutter.other.agent.${ownToken}.x.y`,
    '_INBOX_rutter.default.controller.x.y',
    '_INBOX.x.y',
    '$JS.API.STREAM.INFO.RUTTER_default_EVENTS',
    '$JS.API.STREAM.DELETE.RUTTER_default_EVENTS',
    '$SYS.REQ.SERVER.PING',
  ]
  const ownInbox = `_INBOX_rutter.default.agent.${ownToken}.x.y`
  const garbled: readonly (readonly [string, Uint8Array])[] = [
    ['nothing', new Uint8Array()],
    ['an object', Buffer.from('{}')],
    ['text', Buffer.from('hello')],
    ['zeros', new Uint8Array(64)],
    ['as much as a message may hold', new Uint8Array(1_000_000).fill(255)],
    ['the beginning of a request', syncOf(own).slice(0, 20)],
    ['a request of another', syncOf(other)],
    ['a status of another', statusOf(other)],
    ['a request of nobody', syncOf('')],
    ['a request of all', syncOf('*')],
    ['a deep document', Buffer.from('['.repeat(100_000))],
    ['a prototype', Buffer.from('{"__proto__":{"node":"x"},"constructor":{}}')],
  ]

  test('Z8: hostile questions and statuses are refused and counted, and nobody else notices', async () => {
    await served()
    const before = await figure('rutter_bus_messages_refused_total')
    const position = controller.controller.snapshot().position
    const heard: string[] = []
    const debug = await loggedIn(servers.urls[0] ?? '', logins.credentials().debug)
    const ownSubjects = ['sync', 'status'].map((what) => `rutter.default.${what}.${ownToken}`)
    // What agents and controllers say of themselves goes on meanwhile.
    const usual = [`rutter.default.status.${otherToken}`, `rutter.default.sync.${otherToken}`]
    debug.connection.subscribe('rutter.default.>', {
      callback: (_, { subject }) => {
        if (
          !subject.startsWith('rutter.default.controllers.') &&
          ![...ownSubjects, ...usual].includes(subject)
        )
          heard.push(subject)
      },
    })
    const login = (node: string): Login => {
      const found = logins.credentials().agents.find((one) => one.node === node)
      if (found === undefined) throw new Error(`${node} has no login`)
      return found
    }
    const victim = await loggedIn(servers.urls[0] ?? '', login(other))
    const victimsInbox = `_INBOX_rutter.default.agent.${otherToken}`
    victim.connection.subscribe(`${victimsInbox}.>`, {
      callback: (_, { subject }) => {
        // What is found of its own statuses it hears as ever.
        if (subject !== `${victimsInbox}.verdict`) heard.push(subject)
      },
    })
    await Promise.all([debug.refused(), victim.refused()])

    const hostile = await loggedIn(servers.urls[0] ?? '', login(own))
    const answers: string[] = []
    hostile.connection.subscribe(ownInbox, { callback: (_, { subject }) => void answers.push(subject) })
    const [sync = '', status = ''] = ownSubjects
    let sent = 0
    const send = (subject: string, body: Uint8Array, reply?: string): void => {
      hostile.connection.publish(subject, body, reply === undefined ? {} : { reply })
      sent += 1
    }
    for (const reply of hostileReplies) send(sync, syncOf(own), reply)
    for (const reply of hostileReplies) send(sync, syncOf(other), reply)
    for (const [, body] of garbled)
      for (const reply of [ownInbox, ...hostileReplies.slice(0, 4)]) send(sync, body, reply)
    for (const [, body] of garbled) for (const reply of [ownInbox, undefined]) send(status, body, reply)
    expect(sent).toBeGreaterThan(100)
    expect(await hostile.refused()).toEqual([])
    await expect
      .poll(() => figure('rutter_bus_messages_refused_total'), { timeout: 10_000 })
      .toBe(before + sent)
    // The same question with its own inbox is answered.
    hostile.connection.publish(sync, syncOf(own), { reply: ownInbox })
    await expect.poll(() => answers).toEqual([ownInbox])
    await Promise.all([debug.refused(), victim.refused()])
    expect(heard).toEqual([])
    expect(controller.controller.snapshot().position).toBe(position)
    expect(await apply('after')).toBe(position + 1)
    await served()
  })

  test('Z8: a message beyond what the servers take ends the connection that sent it, and no other', async () => {
    const { user, password } = logins.credentials().agents[0] ?? { user: '', password: '' }
    const socket = connect(Number(new URL(servers.urls[0] ?? '').port), '127.0.0.1')
    const said = until(socket)
    socket.write(`CONNECT ${JSON.stringify({ user, pass: password, verbose: false, protocol: 1 })}\r\n`)
    socket.write(`PUB rutter.default.status.${ownToken} 2000000\r\n`)
    expect(await said).toContain("-ERR 'Maximum Payload Violation'")
    await served()
    expect(await figure('rutter_nats_disconnects_total')).toBe(0)
  })
})

/** All that `socket` has said when the other side ends it. */
const until = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    onTestFinished(() => void socket.destroy())
    let said = ''
    socket.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(said))
  })
