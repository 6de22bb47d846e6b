import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nkeys } from '@nats-io/nats-core'
import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectNats } from '../../../src/adapters/nats/connectNats.ts'
import { jetstreamLog } from '../../../src/adapters/nats/jetstreamLog.ts'
import type { NatsProfile } from '../../../src/adapters/nats/natsProfile.ts'
import { certificates } from '../../certificates.ts'
import { natsServerOrSkip } from '../../natsServerOrSkip.ts'
import { type NatsServers, type NatsSettings, startNats } from './natsHarness.ts'

const nats = await natsServerOrSkip()

const started = async (settings: NatsSettings = {}): Promise<NatsServers> => {
  const servers = await startNats(nats.path, settings)
  onTestFinished(() => servers.stop())
  return servers
}

const directory = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'rutter-nats-files-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** What comes of connecting: `connected`, or the code of the refusal. */
const outcome = async (urls: readonly string[], login: Partial<NatsProfile> = {}): Promise<string> => {
  const link = await connectNats({ urls, clientName: 'test', ...login }, { limitMs: 0 })
  if (isLeft(link)) return link.left.code
  await link.right.connection.flush()
  await link.right.close()
  return 'connected'
}

describe.skipIf(nats.skip)('connecting to NATS', () => {
  test('N9: by user and password; a refused login is told as such', async () => {
    const { urls } = await started({ extra: 'authorization { user: u, password: p }' })
    expect(await outcome(urls, { user: 'u', password: 'p' })).toBe('connected')
    expect(await outcome(urls, { user: 'u', password: 'x' })).toBe('unauthorized')
    expect(await outcome(urls)).toBe('unauthorized')
  })

  test('N9: by an nkey in a file', async () => {
    const [user, other] = [nkeys.createUser(), nkeys.createUser()]
    const files = [user, other].map((key) => {
      const file = join(directory(), 'seed')
      writeFileSync(file, `${Buffer.from(key.getSeed())}\n`)
      return file
    })
    const { urls } = await started({ extra: `authorization { users: [ { nkey: ${user.getPublicKey()} } ] }` })
    expect(await outcome(urls, { nkeyFile: files[0] ?? '' })).toBe('connected')
    expect(await outcome(urls, { nkeyFile: files[1] ?? '' })).toBe('unauthorized')
  })

  test('N9: by a credentials file', async () => {
    const [operator, account, system, user] = [
      nkeys.createOperator(),
      nkeys.createAccount(),
      nkeys.createAccount(),
      nkeys.createUser(),
    ]
    const accountJwt = (key: typeof account) => {
      const unlimited = ['subs', 'conn', 'data', 'payload', 'imports', 'exports', 'leaf']
      const limits = { ...Object.fromEntries(unlimited.map((name) => [name, -1])), wildcards: true }
      return `${key.getPublicKey()}: ${jwt(operator, key.getPublicKey(), { type: 'account', limits })}`
    }
    const userJwt = jwt(account, user.getPublicKey(), { type: 'user', subs: -1, data: -1, payload: -1 })
    const credentials = join(directory(), 'user.creds')
    writeFileSync(
      credentials,
      `-----BEGIN NATS USER JWT-----\n${userJwt}\n------END NATS USER JWT------\n\n` +
        `-----BEGIN USER NKEY SEED-----\n${Buffer.from(user.getSeed())}\n------END USER NKEY SEED------\n`,
    )
    const operatorJwt = jwt(operator, operator.getPublicKey(), { type: 'operator' })
    const { urls } = await started({
      extra: [
        `operator: ${operatorJwt}`,
        `system_account: ${system.getPublicKey()}`,
        'resolver: MEMORY',
        `resolver_preload: { ${accountJwt(account)}, ${accountJwt(system)} }`,
      ].join('\n'),
    })
    expect(await outcome(urls, { credentialsFile: credentials })).toBe('connected')
    expect(await outcome(urls)).toBe('unauthorized')
  })

  test('N9: by TLS, where only the given authority is trusted', async () => {
    const [ours, theirs] = [certificates(directory()), certificates(directory())]
    const { urls } = await started({ extra: `tls { cert_file: "${ours.cert}", key_file: "${ours.key}" }` })
    expect(await outcome(urls, { caFile: ours.ca })).toBe('connected')
    expect(await outcome(urls, { caFile: theirs.ca })).toBe('unreachable')
    expect(await outcome(urls.map((url) => url.replace('nats:', 'tls:')))).toBe('unreachable')
  })

  test('N9: a server without TLS is refused where an authority is given', async () => {
    const { urls } = await started()
    expect(await outcome(urls, { caFile: certificates(directory()).ca })).toBe('unreachable')
  })

  test('N9: files that cannot be read and servers that do not answer are told with advice', async () => {
    expect(await outcome(['127.0.0.1:1'], { credentialsFile: '/nowhere' })).toBe('unreadable')
    const link = await connectNats({ urls: ['127.0.0.1:1'], clientName: 'test' }, { limitMs: 0 })
    expect(link).toMatchObject({ left: { code: 'unreachable', advice: expect.stringContaining('--nats') } })
  })

  test('N10: the connection comes back by itself, and says when it is gone and back', async () => {
    const servers = await started()
    const notices: string[] = []
    const link = await connectNats(
      { urls: servers.urls, clientName: 'test' },
      { onNotice: (message) => void notices.push(message) },
    )
    if (isLeft(link)) throw link.left
    const { connected, untilConnected, onReconnect, counters, close } = link.right
    const back = new Promise<void>((resolve) => void onReconnect(resolve))
    await servers.servers[0]?.kill()
    await expect.poll(connected).toBe(false)
    await expect(untilConnected(1)).rejects.toThrow('no connection')
    await servers.servers[0]?.restart()
    await untilConnected(20_000)
    await back
    expect(counters()).toMatchObject({ disconnects: 1, reconnects: 1 })
    expect(notices).toEqual([expect.stringContaining('is lost'), expect.stringContaining('connected to')])
    await close()
    await expect.poll(connected).toBe(false)
    await expect(untilConnected(20_000)).rejects.toThrow('closed')
  })

  test('N10: a link that has gone dead without a word is noticed', async () => {
    const servers = await started()
    const hole = await blackHole(Number(new URL(servers.urls[0] ?? '').port))
    const link = await connectNats({ urls: [`127.0.0.1:${hole.port}`], clientName: 'test' })
    if (isLeft(link)) throw link.left
    onTestFinished(() => link.right.close())
    hole.swallow(true)
    await expect.poll(link.right.connected, { timeout: 20_000 }).toBe(false)
    hole.swallow(false)
    await link.right.untilConnected(20_000)
    expect(link.right.counters().stale).toBe(1)
  })

  test('N5: a server before 2.10 is refused for the log', async () => {
    const old = await saysItIs('2.9.10')
    const link = await connectNats({ urls: [`127.0.0.1:${old}`], clientName: 'test' })
    if (isLeft(link)) throw link.left
    onTestFinished(() => link.right.close())
    await expect(jetstreamLog(link.right, { mesh: 'default', onNotice: () => {} })).rejects.toThrow(
      /nats-server 2\.9\.10.*2\.10 or newer/,
    )
  })
})

/** A JWT as NATS wants it: an ed25519 signature by an nkey over header and claims. */
const jwt = (issuer: ReturnType<typeof nkeys.createUser>, subject: string, claims: object): string => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({
    jti: subject,
    iat: 1_767_225_600,
    iss: issuer.getPublicKey(),
    name: 'test',
    sub: subject,
    nats: { ...claims, version: 2 },
  })}`
  return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`
}

/** A way to `port` that can swallow all it is given, as a link does when a switch dies. */
const blackHole = async (port: number) => {
  const { connect } = await import('node:net')
  const sockets = new Set<Socket>()
  let swallowing = false
  const server = createServer((near) => {
    if (swallowing) return void near.destroy()
    const far = connect(port, '127.0.0.1')
    const carry = (from: Socket, to: Socket) => {
      sockets.add(from)
      from.on('data', (bytes) => void (swallowing || to.write(bytes)))
      from.on('close', () => to.destroy()).on('error', () => to.destroy())
    }
    carry(near, far)
    carry(far, near)
  })
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: await listening(server),
    swallow: (on: boolean) => {
      swallowing = on
    },
  }
}

/** A peer that greets as a nats-server of this version; none so old can be had. */
const saysItIs = async (version: string): Promise<number> => {
  const server = createServer((socket) => {
    const info = { server_id: 'old', version, headers: true, max_payload: 2 ** 20, proto: 1, jetstream: true }
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
    socket.on('data', (bytes) => {
      if (bytes.includes('PING')) socket.write('PONG\r\n')
    })
    socket.on('error', () => {})
  })
  onTestFinished(() => void server.close())
  return listening(server)
}

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
