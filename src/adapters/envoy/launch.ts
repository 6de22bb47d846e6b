import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { readdir, stat, unlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { writeDurably } from '../log/writeDurably.ts'
import type { AdminAddress } from './askAdmin.ts'

/** What an Envoy is started with. */
export type Launch = {
  /** Path of the binary. */
  readonly envoy: string
  /** A whole bootstrap, in Envoy's canonical JSON. */
  readonly bootstrap: Readonly<Record<string, unknown>>
}

/** The name of a launch: equal only for equal bootstraps and the same binary (path, size, time of change). Rejects when
 *  there is no such binary. */
export const launchId = async ({ envoy, bootstrap }: Launch): Promise<string> => {
  const { size, mtimeMs } = await stat(envoy)
  const text = JSON.stringify([envoy, size, mtimeMs, bootstrap])
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}

/** Writes the bootstrap of the launch `id` to a file that names it; its path. Rejects when the disk refuses. */
export const writeLaunch = async (directory: string, id: string, launch: Launch): Promise<string> => {
  const path = launchFile(directory, id)
  await writeDurably(path, `${path}.tmp`, Buffer.from(JSON.stringify(launch.bootstrap)))
  return path
}

/** The launch whose file is named on a command line. */
export const launchIn = (path: string): string => basename(path).slice(prefix.length, -suffix.length)

/** The admin in the bootstrap that was written for the launch `id`; undefined when it cannot be read any more. */
export const adminOfLaunch = (directory: string, id: string): AdminAddress | undefined => {
  try {
    return adminOf(JSON.parse(readFileSync(launchFile(directory, id), 'utf8')))
  } catch {
    return undefined
  }
}

/** Removes the files of all launches but `kept`. */
export const forgetLaunches = async (directory: string, kept: ReadonlySet<string>): Promise<void> => {
  for (const name of await readdir(directory)) {
    if (name.startsWith(prefix) && !kept.has(launchIn(name))) await unlink(join(directory, name))
  }
}

const prefix = 'launch-'
const suffix = '.json'
const launchFile = (directory: string, id: string): string => join(directory, `${prefix}${id}${suffix}`)

type Bootstrap = {
  readonly admin?: {
    readonly address?: {
      readonly pipe?: { readonly path: string }
      readonly socket_address?: { readonly address: string; readonly port_value: number }
    }
  }
}

const adminOf = ({ admin }: Bootstrap): AdminAddress | undefined => {
  const { pipe, socket_address: tcp } = admin?.address ?? {}
  if (pipe !== undefined) return { path: pipe.path }
  return tcp && { host: tcp.address, port: tcp.port_value }
}
