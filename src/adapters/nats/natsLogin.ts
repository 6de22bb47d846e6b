import { randomBytes } from 'node:crypto'
import { nkeys } from '@nats-io/nats-core'

/** What a client shows the servers: a name and what only it knows. Of an nkey the name is the public half. */
export type NatsLogin =
  | { readonly user: string; readonly password: string }
  | { readonly user: string; readonly seed: string }

/** Bits of a password: as many as an nkey's seed has. Nobody guesses it, however cheaply the servers compare. */
const passwordBits = 256

/** A new login by password, under this name. */
export const newPassword = (user: string): NatsLogin => ({
  user,
  password: randomBytes(passwordBits / 8).toString('base64url'),
})

/** A new login by nkey; the servers need to know its public half alone. */
export const newNkey = (): NatsLogin => {
  const pair = nkeys.createUser()
  return { user: pair.getPublicKey(), seed: Buffer.from(pair.getSeed()).toString() }
}
