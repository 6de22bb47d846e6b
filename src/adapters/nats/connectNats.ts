import { setTimeout as pause } from 'node:timers/promises'
import {
  AuthorizationError,
  connect,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { connectionOptions, type NatsProfile } from './natsProfile.ts'
import { type NatsRefused, natsRefused } from './natsRefused.ts'

/** A connection that comes back by itself. */
export type NatsLink = {
  readonly connection: NatsConnection
  /** False while there is no server: what is published then would be lost without a word. */
  connected(): boolean
  /** Resolves at once when connected, else when it is again; rejects after `limitMs`, and when the link is closed. */
  untilConnected(limitMs: number): Promise<void>
  /** Calls `listener` whenever the connection was lost and is back; gives the way to stop that. */
  onReconnect(listener: () => void): () => void
  /** Leaves the server for another one that is known, if any: it answers, but does not reach what is asked for. */
  moveOn(why: string): void
  counters(): {
    readonly disconnects: number
    readonly reconnects: number
    /** Servers that were left for another. */
    readonly movedOn: number
    readonly stale: number
    readonly errors: number
  }
  /** Ends the connection at once. What is under way is lost, so its owners are closed first. */
  close(): Promise<void>
}

export type ConnectOptions = {
  /** How long servers that do not answer are tried; 10 s unless given. */
  readonly limitMs?: number
  /** Told what an operator should know: lost, back, refused. */
  readonly onNotice?: (message: string) => void
}

/** Connects to the first server of `profile` that answers. A refused login is told at once. */
export const connectNats = async (
  profile: NatsProfile,
  { limitMs = 10_000, onNotice = () => {} }: ConnectOptions = {},
): Promise<Either<NatsRefused, NatsLink>> => {
  const options = connectionOptions(profile)
  if (isLeft(options)) return options
  const connection = await firstConnection(options.right, limitMs)
  return isLeft(connection) ? connection : right(linkOn(connection.right, profile.urls.length, onNotice))
}

const firstConnection = async (
  options: NodeConnectionOptions,
  limitMs: number,
): Promise<Either<NatsRefused, NatsConnection>> => {
  const servers = [options.servers].flat().join(', ')
  const untilMs = performance.now() + limitMs
  for (;;) {
    try {
      return right(await connect(options))
    } catch (error) {
      if (error instanceof AuthorizationError || (error as Error).cause instanceof AuthorizationError) {
        const advice = 'check the user and password, the credentials file or the nkey'
        return left(natsRefused('unauthorized', `NATS at ${servers} refuses the login`, advice, error))
      }
      if (performance.now() >= untilMs) {
        const problem = `no NATS server answers at ${servers} (${reasonOf(error as Error)})`
        return left(natsRefused('unreachable', problem, 'start one, or name another with --nats', error))
      }
    }
    await pause(200)
  }
}

const reasonOf = (error: Error): string =>
  error.cause instanceof Error && error.cause.message !== '' ? error.cause.message : error.message

const linkOn = (connection: NatsConnection, given: number, onNotice: (message: string) => void): NatsLink => {
  const counters = { disconnects: 0, reconnects: 0, movedOn: 0, stale: 0, errors: 0 }
  const listeners = new Set<() => void>()
  const waiting = new Set<{ go(): void; fail(reason: Error): void }>()
  let connected = true
  let lastNotice = ''
  const notice = (message: string): void => {
    // A server that refuses again and again is worth one line.
    if (message !== lastNotice) onNotice(message)
    lastNotice = message
  }

  const watch = async (): Promise<void> => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        connected = false
        counters.disconnects += 1
        notice(`the connection to NATS at ${status.server} is lost`)
      } else if (status.type === 'reconnect') {
        connected = true
        counters.reconnects += 1
        notice(`connected to NATS at ${status.server}`)
        for (const one of [...waiting]) one.go()
        for (const listener of [...listeners]) listener()
      } else if (status.type === 'staleConnection') {
        counters.stale += 1
      } else if (status.type === 'error') {
        counters.errors += 1
        notice(`NATS: ${status.error.message}`)
      }
    }
    connected = false
    for (const one of [...waiting]) one.fail(new Error('the connection to NATS is closed'))
  }
  void watch()

  return {
    connection,
    connected: () => connected,
    untilConnected: (limitMs) =>
      new Promise((resolve, reject) => {
        if (connected) return resolve()
        if (connection.isClosed()) return reject(new Error('the connection to NATS is closed'))
        const done = (): void => {
          clearTimeout(timer)
          waiting.delete(one)
        }
        const one = {
          go: () => {
            done()
            resolve()
          },
          fail: (reason: Error) => {
            done()
            reject(reason)
          },
        }
        const timer = setTimeout(() => one.fail(new Error('there is no connection to NATS')), limitMs)
        waiting.add(one)
      }),
    moveOn: (why) => {
      const known = Math.max(given, connection.info?.connect_urls?.length ?? 0)
      if (!connected || known < 2) return
      counters.movedOn += 1
      notice(`leaving NATS at ${connection.getServer()} for another server: ${why}`)
      void connection.reconnect()
    },
    onReconnect: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    counters: () => ({ ...counters }),
    close: () => connection.close(),
  }
}
