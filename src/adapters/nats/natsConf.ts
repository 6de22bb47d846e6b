import type { NatsLogin } from './natsLogin.ts'
import type { Permissions } from './permissionsOf.ts'

/** A user of the servers, and what the comment above it says. */
export type NatsUser = {
  readonly comment: string
  readonly login: NatsLogin
  readonly permissions: Permissions
}

/** What nats-servers are to `include`: these users and nobody else, each with its permissions. */
export const natsConf = (users: readonly NatsUser[]): string =>
  ['authorization {', '  users = [', ...users.flatMap(userLines), '  ]', '}', ''].join('\n')

const userLines = ({ comment, login, permissions: { publish, subscribe } }: NatsUser): readonly string[] => [
  `    # ${comment}`,
  '    {',
  ...loginLines(login).map((line) => `      ${line}`),
  '      permissions {',
  `        publish ${allowed(publish)}`,
  `        subscribe ${allowed(subscribe)}`,
  '      }',
  '    }',
]

const loginLines = (login: NatsLogin): readonly string[] =>
  'seed' in login
    ? [`nkey: ${text(login.user)}`]
    : [`user: ${text(login.user)}`, `password: ${text(login.password)}`]

// Where nothing is allowed, an empty list would allow everything.
const allowed = (subjects: readonly string[]): string =>
  subjects.length === 0
    ? '{ deny: [">"] }'
    : `{ allow: [${subjects.map((subject) => `\n          ${text(subject)}`).join(',')}\n        ] }`

/** Quoted: bare, `$JS` would be a variable. Names, subjects and secrets hold nothing that must be escaped. */
const text = (value: string): string => `"${value}"`
