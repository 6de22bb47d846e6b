import { createHash } from 'node:crypto'
import { chmod, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidArgumentError } from 'commander'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { makeDirectories } from '../adapters/makeDirectories.ts'
import { type MeshRole, nameOfRole } from '../adapters/nats/meshRole.ts'
import { natsConf } from '../adapters/nats/natsConf.ts'
import { type NatsLogin, newNkey, newPassword } from '../adapters/nats/natsLogin.ts'
import { permissionsOf } from '../adapters/nats/permissionsOf.ts'
import { type NatsCredentials, readNatsCredentials } from '../codecs/natsCredentials.ts'
import { parseNodeId } from '../codecs/nodeId.ts'
import type { ProxyIdentity } from '../model/proxy.ts'
import { subjectToken } from '../model/subjectToken.ts'
import type { AddCommand, Cli } from './cli.ts'
import { exitCodes } from './exitCodes.ts'
import { meshOption } from './natsOptions.ts'

type Options = {
  readonly mesh: string
  readonly agent: readonly ProxyIdentity[]
  readonly out: string
  readonly nkeys?: boolean
}

/** `rutter nats-config`. */
export const addNatsConfig: AddCommand = (program, cli) => {
  program
    .command('nats-config')
    .description('writes what the servers of NATS must know of a mesh, and the logins of its members')
    .addOption(meshOption())
    .requiredOption('--agent <node>', 'node id of a proxy with an agent; may be repeated', parseAgent)
    .requiredOption('--out <dir>', 'the directory for nats.conf and credentials.json')
    .option('--nkeys', 'nkeys in place of passwords: the servers know no secret then')
    .addHelpText(
      'after',
      '\nWhoever is named again keeps the login that credentials.json holds; whoever is not named loses it.' +
        '\n\nExample:\n  rutter nats-config --agent sidecar~10.1.0.7~reviews-v2-a~default.svc.cluster.local --out nats' +
        '\n  then, in the configuration of each nats-server:  include "nats/nats.conf"',
    )
    .action(cli.action((options: Options) => writeConfig(options, cli)))
}

const parseAgent = (node: string, before: readonly ProxyIdentity[] = []): readonly ProxyIdentity[] => {
  const identity = parseNodeId(node)
  if (isLeft(identity)) throw new InvalidArgumentError(identity.left)
  if (before.some((other) => other.node === node)) throw new InvalidArgumentError('It was named before.')
  return [...before, identity.right]
}

const writeConfig = async ({ mesh, agent, out, nkeys }: Options, { io }: Cli): Promise<number> => {
  const [confFile, credentialsFile] = [join(out, 'nats.conf'), join(out, 'credentials.json')]
  const kept = await keptLogins(credentialsFile, mesh)
  if (isLeft(kept)) {
    io.err(`error: ${credentialsFile}: ${kept.left}; remove it to make new logins for everybody`)
    return exitCodes.runtimeError
  }
  const member = (role: MeshRole): { readonly role: MeshRole; readonly login: NatsLogin } => {
    const found = loginIn(kept.right, role)
    const fits = found !== undefined && 'seed' in found === (nkeys === true)
    if (fits) return { role, login: found }
    return { role, login: nkeys === true ? newNkey() : newPassword(nameOfRole(mesh, role)) }
  }
  const [controller, debug] = [member({ type: 'controller' }), member({ type: 'debug' })]
  const agents = agent.map((identity) => ({ identity, ...member({ type: 'agent', identity }) }))
  const members = [controller, debug, ...agents]
  const credentials: NatsCredentials = {
    mesh,
    controller: controller.login,
    debug: debug.login,
    agents: agents.map(({ identity, login }) => ({ node: identity.node, ...login })),
  }
  await makeDirectories(out, 0o700)
  await writeSecret(credentialsFile, `${JSON.stringify(credentials, null, 2)}\n`)
  if (nkeys === true) await writeSeeds(out, members)
  await writeSecret(
    confFile,
    natsConf(
      members.map(({ role, login }) => ({
        comment: nameOfRole(mesh, role),
        login,
        permissions: permissionsOf(mesh, role),
      })),
    ),
  )
  io.err(`wrote ${confFile} and ${credentialsFile}: a controller, debug and ${agents.length} agents`)
  return exitCodes.ok
}

/** The logins that were given before; undefined where there were none. */
const keptLogins = async (
  file: string,
  mesh: string,
): Promise<Either<string, NatsCredentials | undefined>> => {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? right(undefined) : left(message)
  }
  const read = readNatsCredentials(text)
  if (isLeft(read)) return read
  return read.right.mesh === mesh ? read : left(`it holds the logins of the mesh ${read.right.mesh}`)
}

const loginIn = (kept: NatsCredentials | undefined, role: MeshRole): NatsLogin | undefined => {
  if (role.type !== 'agent') return kept?.[role.type]
  const found = kept?.agents.find(({ node }) => node === role.identity.node)
  if (found === undefined) return undefined
  const { node: _, ...login } = found
  return login
}

/** Each seed in a file of its own, as `--nats-nkey` reads it. */
const writeSeeds = async (
  out: string,
  members: readonly { readonly role: MeshRole; readonly login: NatsLogin }[],
): Promise<void> => {
  for (const { role, login } of members)
    if ('seed' in login) await writeSecret(join(out, seedFile(role)), `${login.seed}\n`)
}

/** A file's name has 255 bytes at most; the longest node ids are called by their hash. */
const longestName = 200

const seedFile = (role: MeshRole): string => {
  if (role.type !== 'agent') return `${role.type}.nk`
  const token = subjectToken(role.identity.node)
  const hash = () => createHash('sha256').update(role.identity.node).digest('hex')
  return `agent.${token.length > longestName ? hash() : token}.nk`
}

/** Replaces `file` whole; only this user may read it. */
const writeSecret = async (file: string, text: string): Promise<void> => {
  const temporary = `${file}.${process.pid}`
  await writeFile(temporary, text, { mode: 0o600 })
  await chmod(temporary, 0o600)
  await rename(temporary, file)
}
