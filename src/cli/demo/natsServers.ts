import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePorts } from './freePorts.ts'

/** A server of NATS as it is to be started. */
export type NatsServer = {
  readonly name: string
  /** Of its configuration. */
  readonly file: string
  readonly url: string
  /** Where its monitoring is. */
  readonly monitor: string
}

/** Writes the configuration of a cluster of `names` below `directory`, on free ports of loopback: logs on disk before
 *  they are acknowledged, and who may do what as `credentials/nats.conf` there says. */
export const natsServers = async (
  directory: string,
  names: readonly string[],
): Promise<readonly NatsServer[]> => {
  const ports = await freePorts(3 * names.length)
  const at = (index: number, which: 0 | 1 | 2): string => `127.0.0.1:${ports[3 * index + which]}`
  const password = randomUUID()
  const routes = names.map((_, index) => `"nats://route:${password}@${at(index, 2)}"`)
  return Promise.all(
    names.map(async (name, index): Promise<NatsServer> => {
      const file = join(directory, `${name}.conf`)
      const lines = [
        `server_name: "${name}"`,
        `listen: "${at(index, 0)}"`,
        `http: "${at(index, 1)}"`,
        `jetstream { store_dir: "${join(directory, name)}", sync_interval: always, max_mem: 64MB, max_file: 1GB }`,
        'cluster {',
        `  name: rutter, listen: "${at(index, 2)}", routes: [${routes.join(', ')}]`,
        `  authorization { user: route, password: "${password}" }`,
        '}',
        'include "credentials/nats.conf"',
      ]
      await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 })
      return { name, file, url: `nats://${at(index, 0)}`, monitor: `http://${at(index, 1)}` }
    }),
  )
}
