import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { NatsPlace } from './natsHarness.ts'

const run = promisify(execFile)
const ip = (line: string): Promise<unknown> => run('ip', line.split(' '))

/** Network namespaces on one bridge of this machine, each with an address of its own. */
export type IsolatedPlaces = {
  readonly places: readonly NatsPlace[]
  /** Nothing reaches place `i` any more, and nobody hears that it does not. */
  cutOff(i: number): Promise<void>
  /** Place `i` and the other places no longer reach each other; this machine still reaches them all. */
  part(i: number): Promise<void>
  /** Undoes `cutOff` and `part`. */
  mend(i: number): Promise<void>
  /** Removes all of them. */
  remove(): Promise<void>
}

/** Makes `count` of them. Rejects where that is not allowed (it takes root and `ip`). */
export const isolatedPlaces = async (count: number): Promise<IsolatedPlaces> => {
  // Names of links have 15 characters at most; a process makes one set at a time.
  const name = `rf${process.pid}`
  const net = `10.${100 + (process.pid % 100)}.${(process.pid >> 7) % 256}`
  const all = Array.from({ length: count }, (_, i) => ({
    host: `${net}.${i + 2}`,
    space: `${name}-${i}`,
    link: `${name}v${i}`,
  }))
  const at = (i: number) => {
    const found = all[i]
    if (found === undefined) throw new Error(`there is no place ${i}`)
    return found
  }
  const pairs = (i: number): readonly [string, string][] =>
    all.flatMap((other, j) =>
      j === i
        ? []
        : [
            [at(i).space, other.host],
            [other.space, at(i).host],
          ],
    )
  const remove = async (): Promise<void> => {
    for (const { space } of all) await ip(`netns del ${space}`).catch(() => undefined)
    await ip(`link del ${name}`).catch(() => undefined)
  }
  try {
    await ip(`link add ${name} type bridge`)
    await ip(`addr add ${net}.1/24 dev ${name}`)
    await ip(`link set ${name} up`)
    for (const { host, space, link } of all) {
      await ip(`netns add ${space}`)
      await ip(`link add ${link} type veth peer name eth0 netns ${space}`)
      await ip(`link set ${link} master ${name} up`)
      await ip(`-n ${space} addr add ${host}/24 dev eth0`)
      await ip(`-n ${space} link set lo up`)
      await ip(`-n ${space} link set eth0 up`)
    }
  } catch (error) {
    await remove()
    throw error
  }
  return {
    places: all.map(({ host, space }) => ({ host, command: ['ip', 'netns', 'exec', space] })),
    cutOff: async (i) => {
      await ip(`link set ${at(i).link} down`)
    },
    part: async (i) => {
      for (const [space, host] of pairs(i)) await ip(`-n ${space} route add blackhole ${host}/32`)
    },
    mend: async (i) => {
      for (const [space, host] of pairs(i))
        await ip(`-n ${space} route del blackhole ${host}/32`).catch(() => undefined)
      await ip(`link set ${at(i).link} up`)
    },
    remove,
  }
}
