import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { sharedMemoryOf } from './sharedMemory.ts'

/** A base id for a cold start: `previous` unless another Envoy has it, else the first free one from a place that
 *  `directory` fixes, so that a node keeps its own. Rejects when a hundred in a row are taken. */
export const freeBaseId = async (directory: string, previous: number | undefined): Promise<number> => {
  const used = await usedBaseIds()
  if (previous !== undefined && !used.has(previous)) return previous
  const start = createHash('sha256').update(directory).digest().readUInt32BE() % baseIds
  for (let i = 0; i < tries; i += 1) {
    const id = (start + i) % baseIds
    if (!used.has(id) && !existsSync(sharedMemoryOf(id))) return id
  }
  throw new Error(`${tries} base ids of Envoy from ${start} on are all in use`)
}

// Envoy multiplies the id by ten and counts restarts in the last digit; the product must fit in 32 bits.
const baseIds = 200_000_000
const tries = 100

/** Base ids of the Envoys of this network namespace, by their abstract sockets. */
const usedBaseIds = async (): Promise<ReadonlySet<number>> => {
  const sockets = await readFile('/proc/net/unix', 'utf8')
  const names = sockets.matchAll(/envoy_domain_socket_(?:parent|child)_(\d+)/g)
  return new Set([...names].map(([, scaled]) => Math.floor(Number(scaled) / 10)))
}
