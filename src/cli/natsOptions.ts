import { type Command, InvalidArgumentError, Option } from 'commander'
import { inboxOf, type MeshRole } from '../adapters/nats/meshRole.ts'
import { badMeshName } from '../adapters/nats/meshStream.ts'
import type { NatsProfile } from '../adapters/nats/natsProfile.ts'
import type { Io } from './io.ts'

/** What `--mesh` and the `--nats…` options come to. */
export type NatsOptions = {
  readonly nats: readonly string[]
  readonly mesh: string
  readonly natsUser?: string
  readonly natsPassword?: string
  readonly natsCreds?: string
  readonly natsNkey?: string
  readonly natsCa?: string
}

/** Gives `command` the options that say which mesh is meant, where NATS is and who asks. A password that others can see
 *  is told. */
export const addNatsOptions = (command: Command, io: Io): Command =>
  command
    .hook('preAction', (_, asked) => {
      if (asked.getOptionValueSource('natsPassword') === 'cli')
        io.err(
          'warning: every user of this machine sees --nats-password; RUTTER_NATS_PASSWORD is for you alone',
        )
    })
    .addOption(
      new Option('--nats <url[,url…]>', 'servers of NATS')
        .env('RUTTER_NATS')
        .argParser(parseUrls)
        .default(['nats://127.0.0.1:4222'], 'nats://127.0.0.1:4222'),
    )
    .addOption(meshOption())
    .addOption(new Option('--nats-user <name>', 'user of NATS').env('RUTTER_NATS_USER'))
    .addOption(new Option('--nats-password <text>', 'its password').env('RUTTER_NATS_PASSWORD'))
    .addOption(
      new Option('--nats-creds <file>', 'a credentials file in place of them').env('RUTTER_NATS_CREDS'),
    )
    .addOption(new Option('--nats-nkey <file>', 'an nkey seed in place of them').env('RUTTER_NATS_NKEY'))
    .addOption(
      new Option('--nats-ca <file>', 'the authority to trust; makes TLS a must').env('RUTTER_NATS_CA'),
    )

/** `--mesh`, or RUTTER_MESH. */
export const meshOption = (): Option =>
  new Option('--mesh <name>', 'the mesh, in NATS').env('RUTTER_MESH').argParser(parseMesh).default('default')

/** The profile that the options ask for, for one who comes as `role`, under `clientName`. */
export const natsProfileOf = (options: NatsOptions, role: MeshRole, clientName: string): NatsProfile => {
  const { nats, mesh, natsUser, natsPassword, natsCreds, natsNkey, natsCa } = options
  return {
    urls: nats,
    clientName,
    inboxPrefix: inboxOf(mesh, role),
    ...(natsUser === undefined ? {} : { user: natsUser }),
    ...(natsPassword === undefined ? {} : { password: natsPassword }),
    ...(natsCreds === undefined ? {} : { credentialsFile: natsCreds }),
    ...(natsNkey === undefined ? {} : { nkeyFile: natsNkey }),
    ...(natsCa === undefined ? {} : { caFile: natsCa }),
  }
}

const parseUrls = (text: string): readonly string[] =>
  text.split(',').map((part) => {
    const url = part.trim()
    if (/^((nats|tls):\/\/)?([^:@/\s[\]]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?$/.test(url)) return url
    throw new InvalidArgumentError('It must be nats://HOST:PORT or tls://HOST:PORT, several with commas.')
  })

const parseMesh = (name: string): string => {
  const bad = badMeshName(name)
  if (bad !== undefined) throw new InvalidArgumentError(`${bad[0]?.toUpperCase()}${bad.slice(1)}.`)
  return name
}
