import { closeSync, fdatasync, openSync, writeSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { genesisHash, type Position } from '../../model/entry.ts'
import { readPosition, writePosition } from './frame.ts'

/** The last entry that was durable when the head was written. */
export type Head = { readonly position: Position; readonly hash: string }

/** Two slots, written in turn and a page apart, so that a write that is torn spoils one of them only. */
const slotBytes = 4096
const magic = Buffer.from('RUTTERHD')
const formatVersion = 1
const usedBytes = 56

/** Where the head of the log in `directory` is. */
export const headPath = (directory: string): string => join(directory, 'head')

/** The bytes of the head file of an empty log. */
export const emptyHead = (): Buffer =>
  Buffer.concat([encodeSlot({ position: 0, hash: genesisHash }), Buffer.alloc(slotBytes)])

/** The newest head that can be read: undefined where there is no file, `unreadable` where no slot is good. */
export const readHead = async (directory: string): Promise<Head | 'unreadable' | undefined> => {
  try {
    const bytes = await readFile(headPath(directory))
    const [a, b] = [decodeSlot(bytes.subarray(0, usedBytes)), decodeSlot(bytes.subarray(slotBytes))]
    if (a === undefined || b === undefined) return a ?? b ?? 'unreadable'
    return a.position > b.position ? a : b
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

export type HeadWriter = {
  /** Writes at once, and sees to it that the head reaches the disk within a second. Throws where that fails. */
  write(head: Head): void
  /** Resolves once what was written is durable. */
  sync(): Promise<void>
  close(): void
}

/** Opens the head of the log in `directory`, which must be there, for writing. */
export const openHead = (directory: string): HeadWriter => {
  const file = openSync(headPath(directory), 'r+')
  let timer: NodeJS.Timeout | undefined

  const sync = (): Promise<void> =>
    new Promise((resolve, reject) => fdatasync(file, (error) => (error === null ? resolve() : reject(error))))

  return {
    sync,
    write: (head) => {
      const slot = encodeSlot(head)
      writeSync(file, slot, 0, usedBytes, (head.position % 2) * slotBytes)
      // A head that is behind costs nothing but the power to tell a lost entry from a torn one.
      timer ??= setTimeout(() => {
        timer = undefined
        sync().catch(() => undefined)
      }, 1000).unref()
    },
    close: () => {
      clearTimeout(timer)
      closeSync(file)
    },
  }
}

const encodeSlot = ({ position, hash }: Head): Buffer => {
  const slot = Buffer.alloc(slotBytes)
  magic.copy(slot)
  slot.writeUInt32LE(formatVersion, 8)
  writePosition(slot, position, 12)
  slot.write(hash, 20, 'hex')
  slot.writeUInt32LE(crc32(slot.subarray(0, 52)), 52)
  return slot
}

const decodeSlot = (slot: Buffer): Head | undefined => {
  if (slot.length < usedBytes || !magic.equals(slot.subarray(0, 8))) return undefined
  if (slot.readUInt32LE(52) !== crc32(slot.subarray(0, 52))) return undefined
  if (slot.readUInt32LE(8) !== formatVersion) return undefined
  return { position: readPosition(slot, 12), hash: slot.toString('hex', 20, 52) }
}
