import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type NatsConnection, PermissionViolationError } from '@nats-io/nats-core'
import { connect } from '@nats-io/transport-node'
import { expect, onTestFinished } from 'vitest'
import { runCli } from '../../cli/runCli.ts'

export type Login = {
  readonly node?: string
  readonly user: string
  readonly password: string
  readonly seed: string
}

export type MeshLogins = {
  readonly directory: string
  /** The text of `nats.conf`. */
  conf(): string
  /** What `credentials.json` holds. */
  credentials(): {
    readonly mesh: string
    readonly controller: Login
    readonly debug: Login
    readonly agents: readonly Login[]
  }
  /** Runs `rutter nats-config` on the same directory once more. */
  again(...args: readonly string[]): ReturnType<typeof runCli>
}

/** What `rutter nats-config` writes into `directory` with these arguments. */
export const meshLogins = async (directory: string, ...args: readonly string[]): Promise<MeshLogins> => {
  const again: MeshLogins['again'] = (...more) => runCli(['nats-config', '--out', directory, ...more])
  expect(await again(...args)).toMatchObject({ code: 0 })
  return {
    directory,
    conf: () => readFileSync(join(directory, 'nats.conf'), 'utf8'),
    credentials: () => JSON.parse(readFileSync(join(directory, 'credentials.json'), 'utf8')),
    again,
  }
}

/** A connection whose refusals by the server are kept. */
export type Watched = {
  readonly connection: NatsConnection
  /** `publish SUBJECT` or `subscription SUBJECT` of everything that the server has refused, once it has seen all. */
  refused(): Promise<string[]>
}

/** Connects with `login`; closed after the test. */
export const loggedIn = async (url: string, login: Login, inboxPrefix?: string): Promise<Watched> => {
  const { user, password } = login
  const connection = await connect({
    servers: url,
    user,
    pass: password,
    reconnect: false,
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
  })
  onTestFinished(() => connection.close())
  const refused: string[] = []
  const watch = async (): Promise<void> => {
    for await (const status of connection.status())
      if (status.type === 'error' && status.error instanceof PermissionViolationError)
        refused.push(`${status.error.operation} ${status.error.subject}`)
  }
  void watch()
  return {
    connection,
    refused: async () => {
      // What the server refuses it says before it answers; the second lets the client have told it.
      await connection.flush()
      await connection.flush()
      return refused.splice(0)
    },
  }
}
