import { normalize } from 'node:path'
import { type ConfigDirectory, configDirectory } from '../adapters/configDirectory.ts'
import type { Lease, LeaseOptions } from '../adapters/nats/lease.ts'
import type { Controller } from '../ports.ts'
import { newFindings } from './newFindings.ts'

/** Takes part in who of several controllers does what a name stands for. */
export type Elect = (options: Pick<LeaseOptions, 'name' | 'changed' | 'notice'>) => Lease

export type FollowOptions = {
  readonly directory: string
  readonly allowEmpty: boolean
  /** Told what an operator should know. */
  readonly notice: (message: string) => void
  /** Where there are other controllers that may have the same directory; without, this one follows it. */
  readonly elect?: Elect
}

/** A directory that this controller follows, or would. */
export type FollowedDirectory = {
  /** Who follows it, in a sentence. */
  standing(): string
  counters(): ReturnType<Lease['counters']>
  close(): Promise<void>
}

/** Has the mesh of `controller` follow a directory while this is the controller that is to: one of all who have a
 *  directory of this name. A controller that is to no longer writes nothing any more, also when it does not know it
 *  yet. Alone, it resolves after the first look. */
export const followDirectory = async (
  controller: Controller,
  options: FollowOptions,
): Promise<FollowedDirectory> => {
  const { directory, allowEmpty, notice, elect } = options
  const source = `files/${normalize(directory).replace(/(.)\/+$/, '$1')}`
  let following: ConfigDirectory | undefined
  let closed = false
  let work: Promise<void> = Promise.resolve()

  const wanted = (): boolean => !closed && (lease === undefined || lease.holds())
  const settle = async (): Promise<void> => {
    while (wanted() !== (following !== undefined)) {
      if (following !== undefined) {
        const ending = following
        following = undefined
        await ending.close()
        if (!closed) notice(`${source}: another controller reads it from now on`)
      } else {
        if (lease !== undefined) notice(`${source}: read by this controller from now on`)
        const tellNew = newFindings(directory, notice)
        following = await configDirectory(controller, directory, {
          allowEmpty,
          source,
          mayWrite: wanted,
          onPass: ({ diagnostics }) => tellNew(diagnostics),
        })
      }
    }
  }
  const changed = (): void => {
    work = work.then(settle)
  }
  const lease: Lease | undefined = elect?.({ name: source, changed, notice })
  changed()
  await work
  return {
    standing: () => `${source} is read ${lease === undefined || lease.holds() ? 'here' : byWhom(lease)}`,
    counters: () => lease?.counters() ?? { leader: 1, taken: 1, lost: 0 },
    close: async () => {
      closed = true
      changed()
      await work
      await lease?.close()
    },
  }
}

const byWhom = (lease: Lease): string => {
  const holder = lease.holder()
  return holder === undefined ? 'by no controller yet' : `by controller ${holder}`
}
