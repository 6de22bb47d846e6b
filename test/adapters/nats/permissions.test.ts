import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { isLeft } from 'fp-ts/lib/Either.js'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { connectNats, type NatsLink } from '../../../src/adapters/nats/connectNats.ts'
import { jetstreamCheckpoints } from '../../../src/adapters/nats/jetstreamCheckpoints.ts'
import { jetstreamLog } from '../../../src/adapters/nats/jetstreamLog.ts'
import { natsLease } from '../../../src/adapters/nats/lease.ts'
import { inboxOf } from '../../../src/adapters/nats/meshRole.ts'
import { withNatsSource } from '../../../src/cli/natsSource.ts'
import { subjectToken } from '../../../src/model/subjectToken.ts'
import { granted } from '../../contract/eventLog.ts'
import { registered } from '../../contract/registered.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { given } from '../../reducers/given.ts'
import { type Login, loggedIn, type MeshLogins, meshLogins, type Watched } from './meshLogins.ts'
import { type NatsServers, startNats } from './natsHarness.ts'

const nats = await natsServerOrSkip()

const [own, other, foreign, bare, star] = [
  'sidecar~10.1.0.7~reviews-v1~default.svc.cluster.local',
  'sidecar~10.1.0.8~ratings-v1~default.svc.cluster.local',
  'sidecar~10.1.0.9~till-v1.shop~example.com',
  'edge-1',
  '*',
] as const
const nodes = [own, other, foreign, bare, star]
const tokenOf = subjectToken
const inboxOfAgent = (node: string) => `_INBOX_rutter.default.agent.${tokenOf(node)}`
const inboxOfController = inboxOf('default', { type: 'controller' })

/** The servers look for included files from where their own configuration is: another directory beside it. */
const included = (directory: string): string => `include "../${basename(directory)}/nats.conf"`

describe.skipIf(nats.skip)('servers that include nats.conf', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-permissions-'))
  let logins: MeshLogins
  let servers: NatsServers
  beforeAll(async () => {
    logins = await meshLogins(directory, ...nodes.flatMap((node) => ['--agent', node]))
    servers = await startNats(nats.path, { extra: included(directory) })
  })
  afterAll(async () => {
    await servers?.stop()
    rmSync(directory, { recursive: true, force: true })
  })

  const url = () => servers.urls[0] ?? ''
  const said = () => servers.servers[0]?.said() ?? ''
  const loginOf = (node: string): Login => {
    const found = logins.credentials().agents.find((login) => login.node === node)
    if (found === undefined) throw new Error(`${node} has no login`)
    return found
  }
  const controllerProfile = () => ({
    urls: servers.urls,
    clientName: 'rutter-controller test',
    inboxPrefix: inboxOfController,
    ...logins.credentials().controller,
  })
  const linked = async (notices: string[] = []): Promise<NatsLink> => {
    const link = await connectNats(controllerProfile(), { onNotice: (notice) => void notices.push(notice) })
    if (isLeft(link)) throw link.left
    onTestFinished(() => link.right.close())
    return link.right
  }

  test('Z4: a controller has all that it needs, and is refused nothing', async () => {
    const notices: string[] = []
    const [one, two] = [await linked(notices), await linked(notices)]
    const options = { mesh: 'default', onNotice: () => {} }
    const [logOne, logTwo] = [await jetstreamLog(one, options), await jetstreamLog(two, options)]
    onTestFinished(() => Promise.all([logOne.close(), logTwo.close()]).then(() => undefined))
    granted(await logOne.append([registered('a')], 0))
    granted(await logTwo.append([registered('b')], 1))
    for await (const entries of logOne.tail(0, new AbortController().signal))
      if (entries.at(-1)?.position === 2) break
    // Each beats the other, until they ask for turns.
    const writer = async (log: typeof logOne, name: string) => {
      for (let done = 0, expected = 2; done < 20; ) {
        const appended = await log.append([registered(`${name}${done}`)], expected)
        if (isLeft(appended)) {
          if (appended.left._tag !== 'Conflict') throw new Error(appended.left._tag)
          expected = appended.left.end
        } else {
          done += 1
          expected = appended.right.position
        }
      }
    }
    await Promise.all([writer(logOne, 'x'), writer(logTwo, 'y')])
    const { newest, write } = jetstreamCheckpoints(one, 'default', (notice) => void notices.push(notice))
    // Larger than what the servers send before they want to be told that it arrives.
    const { mesh } = given(registered('large', 'x'.repeat(8_000_000)))
    for (let position = 1; position <= 4; position += 1) {
      const checkpoint = { position, at: '2026-01-01T00:00:00.000Z', logHash: 'a'.repeat(64) }
      await write({ ...checkpoint, meshHash: 'b'.repeat(64), mesh })
    }
    expect((await newest())?.position).toBe(4)
    const place = { profile: controllerProfile(), mesh: 'default' }
    await withNatsSource(place, async ({ entries }) => {
      let read = 0
      for await (const batch of entries(() => {})) read += batch.length
      expect(read).toBe(42)
    })
    const lease = natsLease(one, {
      mesh: 'default',
      name: 'files/mesh',
      id: 'one',
      changed: () => {},
      notice: (notice) => void notices.push(notice),
    })
    await expect.poll(() => lease.holds(), { timeout: 15_000 }).toBe(true)
    await lease.close()
    expect(notices).toEqual([])
    expect(said()).not.toContain('Violation')
  })

  /** What one may not hear: everything of others, and what only controllers hear. */
  const foreignSubscriptions = (node: string): readonly string[] => [
    ...nodes.filter((one) => one !== node).map((one) => `rutter.default.proxy.${tokenOf(one)}`),
    ...nodes.filter((one) => one !== node).map((one) => `${inboxOfAgent(one)}.>`),
    ...[
      'proxy.*',
      'proxy.>',
      '>',
      'fragment.>',
      'fragment.*.>',
      'fragment.private.>',
      'status.*',
      'sync.*',
    ].map((rest) => `rutter.default.${rest}`),
    ...[
      'events.>',
      'events.entry',
      'turn',
      'lease.*',
      'fleet.*',
      'fleet.c1',
      'controllers.*',
      'controllers.c1',
      '*.*',
    ].map((rest) => `rutter.default.${rest}`),
    ...['default', 'shop', '-', '*', 'elsewhere'].map(
      (namespace) => `rutter.default.fragment.private.${namespace}.>`,
    ),
    `rutter.default.status.${tokenOf(node)}`,
    `rutter.default.sync.${tokenOf(node)}`,
    ...['>', '*', 'rutter.>', 'rutter.*.>', `*.default.proxy.${tokenOf(node)}`, 'rutter.other.>'],
    ...[`${inboxOfController}.>`, '_INBOX.>', '_INBOX_rutter.>', '_INBOX_rutter.default.agent.*.*.*'],
    ...['$JS.>', '$JS.API.>', '$SYS.>', '$O.>', '$KV.>', '$JS.EVENT.ADVISORY.>'],
  ]

  const ownSubscriptions = (node: string, namespace: string): readonly string[] => [
    'rutter.default.fragment.shared.>',
    'rutter.default.fragment.shared.endpoints.default.x',
    `rutter.default.fragment.private.${namespace}.>`,
    `rutter.default.fragment.private.${namespace}.view.abc`,
    `rutter.default.proxy.${tokenOf(node)}`,
    `${inboxOfAgent(node)}.>`,
    `${inboxOfAgent(node)}.x.*`,
  ]

  /** What one may not say. */
  const foreignPublishing = (node: string): readonly string[] => [
    ...nodes
      .filter((one) => one !== node)
      .flatMap((one) => [
        `rutter.default.status.${tokenOf(one)}`,
        `rutter.default.sync.${tokenOf(one)}`,
        `${inboxOfAgent(one)}.x.y`,
      ]),
    ...nodes.map((one) => `rutter.default.proxy.${tokenOf(one)}`),
    ...[`status.${tokenOf(node)}.x`, 'status', 'sync.nobody', 'status.nobody', 'status.=2a', 'turn'].map(
      (rest) => `rutter.default.${rest}`,
    ),
    ...[
      'controllers.c1',
      'lease.x',
      'fleet.c1',
      'events.entry',
      'events.x',
      'fragment.shared.endpoints.default.x',
    ].map((rest) => `rutter.default.${rest}`),
    ...['default', 'shop', '-'].map((namespace) => `rutter.default.fragment.private.${namespace}.view.x`),
    `rutter.other.status.${tokenOf(node)}`,
    ...[`${inboxOfController}.x.y`, `${inboxOfAgent(node)}.x.y`, '_INBOX.x.y', '$SYS.REQ.SERVER.PING'],
    ...['STREAM.NAMES', 'INFO', 'STREAM.CREATE.X', 'STREAM.LIST', 'ACCOUNT.PURGE.$G'].map(
      (rest) => `$JS.API.${rest}`,
    ),
    ...['INFO', 'DELETE', 'PURGE', 'UPDATE', 'MSG.GET', 'MSG.DELETE', 'LEADER.STEPDOWN', 'SNAPSHOT'].map(
      (call) => `$JS.API.STREAM.${call}.RUTTER_default_EVENTS`,
    ),
    '$JS.API.CONSUMER.CREATE.RUTTER_default_EVENTS.x',
    '$JS.API.DIRECT.GET.RUTTER_default_EVENTS',
    '$JS.ACK.RUTTER_default_EVENTS.x.1.1.1.1.1',
    '$O.RUTTER_default_CHECKPOINTS.M.x',
  ]

  /** Where a question would have its answer go: nowhere, to another's ears, into the log. */
  const replies: readonly (string | undefined)[] = [
    undefined,
    `rutter.default.proxy.${tokenOf(other)}`,
    `${inboxOfAgent(other)}.x.y`,
    'rutter.default.events.entry',
  ]

  const publishAll = ({ connection }: Watched, subjects: readonly string[]): void => {
    for (const subject of subjects)
      for (const reply of replies) connection.publish(subject, '{}', reply === undefined ? {} : { reply })
  }

  /** What `debug` hears while `work` is done. */
  const heardBy = async (work: () => Promise<void>): Promise<string[]> => {
    const debug = await loggedIn(url(), logins.credentials().debug)
    const heard: string[] = []
    debug.connection.subscribe('rutter.default.>', { callback: (_, { subject }) => void heard.push(subject) })
    expect(await debug.refused()).toEqual([])
    await work()
    await debug.connection.flush()
    return heard
  }

  const violations = () => said().match(/ Violation/g)?.length ?? 0

  describe.each([
    ['a sidecar', own, 'default'],
    ['a proxy whose namespace stands in its id', foreign, 'shop'],
    ['a bare node', bare, '-'],
    ['the node *', star, '-'],
  ])('the agent of %s', (_, node, namespace) => {
    test('Z5: hears what it needs', async () => {
      const agent = await loggedIn(url(), loginOf(node), inboxOfAgent(node))
      for (const subject of ownSubscriptions(node, namespace)) agent.connection.subscribe(subject)
      expect(await agent.refused()).toEqual([])
    })

    test('Z5: hears nothing else, alone or in a group', async () => {
      const agent = await loggedIn(url(), loginOf(node), inboxOfAgent(node))
      const before = violations()
      const subjects = foreignSubscriptions(node).filter(
        (subject) => !ownSubscriptions(node, namespace).includes(subject),
      )
      for (const subject of subjects) agent.connection.subscribe(subject, { callback: () => {} })
      for (const subject of subjects)
        agent.connection.subscribe(subject, { queue: 'controllers', callback: () => {} })
      expect((await agent.refused()).sort()).toEqual(
        [...subjects, ...subjects].map((subject) => `subscription ${subject}`).sort(),
      )
      expect(violations() - before).toBe(2 * subjects.length)
    })

    test('Z5: says its own status, asks its own sync', async () => {
      const subjects = ['status', 'sync'].map((what) => `rutter.default.${what}.${tokenOf(node)}`)
      const heard = await heardBy(async () => {
        const agent = await loggedIn(url(), loginOf(node), inboxOfAgent(node))
        for (const subject of subjects)
          agent.connection.publish(subject, 'x', { reply: `${inboxOfAgent(node)}.x.y` })
        expect(await agent.refused()).toEqual([])
      })
      expect(heard).toEqual(subjects)
    })

    test('Z5: says nothing else, whatever reply it asks for', async () => {
      const before = violations()
      const subjects = foreignPublishing(node)
      const heard = await heardBy(async () => {
        const agent = await loggedIn(url(), loginOf(node), inboxOfAgent(node))
        publishAll(agent, subjects)
        expect((await agent.refused()).sort()).toEqual(
          subjects.flatMap((subject) => replies.map(() => `publish ${subject}`)).sort(),
        )
      })
      expect(heard).toEqual([])
      expect(violations() - before).toBe(replies.length * subjects.length)
    })
  })

  test('Z5: others do not notice what one tries', async () => {
    const log = await jetstreamLog(await linked(), { mesh: 'default', onNotice: () => {} })
    onTestFinished(() => log.close())
    const { position } = await log.end()
    const heard: string[] = []
    const victim = await loggedIn(url(), loginOf(other), inboxOfAgent(other))
    for (const subject of ownSubscriptions(other, 'default'))
      victim.connection.subscribe(subject, { callback: (_, { subject }) => void heard.push(subject) })
    expect(await victim.refused()).toEqual([])
    const agent = await loggedIn(url(), loginOf(own), inboxOfAgent(own))
    publishAll(agent, foreignPublishing(own))
    expect(await agent.refused()).not.toEqual([])
    await victim.connection.flush()
    expect(heard).toEqual([])
    expect(await log.end()).toMatchObject({ position })
    granted(await log.append([registered('after')], position))
  })

  test('Z6: debug hears its mesh, and says nothing', async () => {
    const { debug, controller } = logins.credentials()
    const subjects = [...foreignPublishing(own), ...foreignPublishing(other)]
    const watched = await loggedIn(url(), debug)
    publishAll(watched, subjects)
    expect(await watched.refused()).toHaveLength(replies.length * subjects.length)
    for (const subject of [
      '>',
      'rutter.>',
      'rutter.other.>',
      '_INBOX.>',
      `${inboxOfController}.>`,
      '$JS.>',
      '$SYS.>',
    ])
      watched.connection.subscribe(subject, { callback: () => {} })
    expect(await watched.refused()).toHaveLength(7)
    const all = [
      'fragment.shared.endpoints.default.x',
      'fragment.private.shop.view.x',
      'proxy.x',
      'turn',
    ].map((rest) => `rutter.default.${rest}`)
    const heard = await heardBy(async () => {
      const { connection, refused } = await loggedIn(url(), controller, inboxOfController)
      for (const subject of all) connection.publish(subject, '{}')
      expect(await refused()).toEqual([])
    })
    expect(heard).toEqual(all)
  })

  test('Z4: a controller cannot change, purge or delete the log, nor speak for an agent, nor hear its answers', async () => {
    const { connection, refused } = await loggedIn(url(), logins.credentials().controller, inboxOfController)
    const subjects = [
      ...['DELETE', 'PURGE', 'UPDATE', 'MSG.DELETE', 'LEADER.STEPDOWN', 'SNAPSHOT', 'RESTORE'].map(
        (call) => `$JS.API.STREAM.${call}.RUTTER_default_EVENTS`,
      ),
      '$JS.API.STREAM.CREATE.RUTTER_other_EVENTS',
      '$JS.API.STREAM.LIST',
      'rutter.default.events.other',
      'rutter.other.events.entry',
      `rutter.default.status.${tokenOf(own)}`,
      `rutter.default.sync.${tokenOf(own)}`,
      '_INBOX.x.y',
      'anything',
    ]
    for (const subject of subjects) connection.publish(subject, '{}')
    expect((await refused()).sort()).toEqual(subjects.map((subject) => `publish ${subject}`).sort())
    const subscriptions = ['>', 'rutter.default.>', `${inboxOfAgent(own)}.>`, '_INBOX.>', '$JS.>', '$SYS.>']
    for (const subject of subscriptions) connection.subscribe(subject, { callback: () => {} })
    expect((await refused()).sort()).toEqual(subscriptions.map((subject) => `subscription ${subject}`).sort())
  })

  test.each<[string, () => Partial<Login>]>([
    ['without a login', () => ({})],
    ['with the password of another', () => ({ ...loginOf(own), user: loginOf(other).user })],
    ['with a wrong password', () => ({ ...loginOf(own), password: 'x' })],
    ['by the node id alone', () => ({ user: own, password: loginOf(own).password })],
    ['as a user that is a wildcard', () => ({ user: 'rutter.default.agent.*', password: '*' })],
  ])('Z5: who comes %s is not let in', async (_, login) => {
    const link = await connectNats({ urls: servers.urls, clientName: 'test', ...login() }, { limitMs: 0 })
    expect(link).toMatchObject({ left: { code: 'unauthorized' } })
  })
})

describe.skipIf(nats.skip)('servers that know nkeys alone', () => {
  test('Z7: let in who has a seed, each to its own subjects', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rutter-permissions-'))
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }))
    await meshLogins(directory, '--nkeys', '--agent', own)
    const servers = await startNats(nats.path, { extra: included(directory) })
    onTestFinished(() => servers.stop())
    const profile = (file: string, inboxPrefix: string) => ({
      urls: servers.urls,
      clientName: 'test',
      inboxPrefix,
      nkeyFile: join(directory, file),
    })
    const link = await connectNats(profile('controller.nk', inboxOfController))
    if (isLeft(link)) throw link.left
    onTestFinished(() => link.right.close())
    const log = await jetstreamLog(link.right, { mesh: 'default', onNotice: () => {} })
    granted(await log.append([registered('a')], 0))
    await log.close()
    const agent = await connectNats(profile(`agent.${tokenOf(own)}.nk`, inboxOfAgent(own)))
    if (isLeft(agent)) throw agent.left
    onTestFinished(() => agent.right.close())
    agent.right.connection.publish('rutter.default.events.entry', '[]')
    await agent.right.connection.flush()
    await expect.poll(() => agent.right.counters().errors).toBe(1)
  })
})
