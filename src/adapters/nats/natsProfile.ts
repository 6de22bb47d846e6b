import { readFileSync } from 'node:fs'
import { checkServerIdentity, type PeerCertificate } from 'node:tls'
import {
  type Authenticator,
  credsAuthenticator,
  type NodeConnectionOptions,
  nkeyAuthenticator,
} from '@nats-io/transport-node'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type NatsRefused, natsRefused } from './natsRefused.ts'

/** Which servers, as whom. */
export type NatsProfile = {
  /** `HOST:PORT`, `nats://HOST:PORT` or `tls://HOST:PORT`; more are learnt from those that answer. */
  readonly urls: readonly string[]
  /** Shown by the servers: `rutter-controller <id>`. */
  readonly clientName: string
  /** Where answers come to (`inboxOf`): servers with permissions let each role hear its own alone. */
  readonly inboxPrefix?: string
  readonly user?: string
  readonly password?: string
  /** A `.creds` file: JWT and seed. Read again before every connection, so that it may be renewed. */
  readonly credentialsFile?: string
  /** A file that holds an nkey seed. */
  readonly nkeyFile?: string
  /** Certificates that are trusted in place of the system's; makes TLS a must. */
  readonly caFile?: string
}

/** A black-holed link is found within about 2.5 s, where the client's own defaults take four minutes
 *  (docs/decisions/0009). */
const pingEveryMs = 1_000
const pingsUnanswered = 2
const handshakeMs = 2_000

/** What the client is to be told: dead links noticed fast, reconnecting without end and with jitter, also after a
 *  refused login (credentials may be renewed). Left where a file cannot be read. */
export const connectionOptions = (profile: NatsProfile): Either<NatsRefused, NodeConnectionOptions> => {
  const { urls, clientName, inboxPrefix, user, password, credentialsFile, nkeyFile, caFile } = profile
  let ca: string | undefined
  let authenticator: Authenticator | undefined
  try {
    ca = caFile === undefined ? undefined : readFileSync(caFile, 'utf8')
    authenticator = authenticatorOf(credentialsFile, nkeyFile)
  } catch (cause) {
    const problem = `cannot read a file for the login (${(cause as Error).message})`
    return left(natsRefused('unreadable', problem, 'name a file that this user may read', cause))
  }
  const secure = ca !== undefined || urls.some((url) => url.startsWith('tls://'))
  return right({
    servers: urls.map(withoutScheme),
    name: clientName,
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    pingInterval: pingEveryMs,
    maxPingOut: pingsUnanswered,
    timeout: handshakeMs,
    reconnect: true,
    maxReconnectAttempts: -1,
    reconnectDelayHandler: () => 100 + Math.random() * 400,
    ignoreAuthErrorAbort: true,
    ...(user === undefined ? {} : { user }),
    ...(password === undefined ? {} : { pass: password }),
    ...(authenticator === undefined ? {} : { authenticator }),
    ...(secure ? { tls: tlsOptions(urls, ca) } : {}),
  })
}

/** The client names no host where it dials an address, and Node then looks for `localhost` in the certificate. What is
 *  right is one of the addresses that were given. */
const tlsOptions = (urls: readonly string[], ca: string | undefined) => {
  const given = urls.map((url) => new URL(`nats://${withoutScheme(url)}`).hostname.replace(/^\[|\]$/g, ''))
  return {
    ...(ca === undefined ? {} : { ca }),
    checkServerIdentity: (host: string, certificate: PeerCertificate): Error | undefined => {
      const wanted = host === 'localhost' ? given : [host]
      const failures = wanted.map((name) => checkServerIdentity(name, certificate))
      return failures.includes(undefined) ? undefined : failures[0]
    },
  }
}

const withoutScheme = (url: string): string => url.replace(/^(nats|tls):\/\//, '')

const authenticatorOf = (
  credentialsFile: string | undefined,
  nkeyFile: string | undefined,
): Authenticator | undefined => {
  if (credentialsFile !== undefined) return credsAuthenticator(freshest(credentialsFile))
  if (nkeyFile === undefined) return undefined
  const seed = freshest(nkeyFile)
  return nkeyAuthenticator(() => Buffer.from(Buffer.from(seed()).toString().trim()))
}

/** What is in the file now, else what was last read: an authenticator that throws would end the client for good. */
const freshest = (path: string): (() => Uint8Array) => {
  let last = readFileSync(path)
  return () => {
    try {
      last = readFileSync(path)
    } catch {}
    return last
  }
}
