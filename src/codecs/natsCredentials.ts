import { type Either, isRight, left, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'

/** What `rutter nats-config` has written: a mesh, and the logins of its roles (contract §7). */
export type NatsCredentials = {
  readonly mesh: string
  readonly controller: StoredLogin
  readonly debug: StoredLogin
  readonly agents: readonly (StoredLogin & { readonly node: string })[]
}

type StoredLogin =
  | { readonly user: string; readonly password: string }
  | { readonly user: string; readonly seed: string }

const login = t.union([
  t.strict({ user: t.string, password: t.string }),
  t.strict({ user: t.string, seed: t.string }),
])

const credentials: t.Type<NatsCredentials, unknown> = t.strict(
  {
    mesh: t.string,
    controller: login,
    debug: login,
    agents: t.readonlyArray(
      t.union([
        t.strict({ node: t.string, user: t.string, password: t.string }),
        t.strict({ node: t.string, user: t.string, seed: t.string }),
      ]),
    ),
  },
  'NatsCredentials',
)

/** Reads the text of a `credentials.json`. Left is what is wrong, a sentence without its stop. */
export const readNatsCredentials = (text: string): Either<string, NatsCredentials> => {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return left(`it is no JSON (${(error as Error).message})`)
  }
  const read = credentials.decode(value)
  return isRight(read) ? right(read.right) : left('it holds no mesh with its logins')
}
