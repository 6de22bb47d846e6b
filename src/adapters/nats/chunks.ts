import { type Either, left, right } from 'fp-ts/lib/Either.js'

// Each chunk begins with its number and the number of all, four bytes each.
const headBytes = 8

/** `message` in chunks of at most `limitBytes`, at least one. */
export const chunked = (message: Uint8Array, limitBytes: number): readonly Uint8Array[] => {
  const room = limitBytes - headBytes
  const count = Math.max(1, Math.ceil(message.length / room))
  return Array.from({ length: count }, (_, i) => {
    const head = Buffer.alloc(headBytes)
    head.writeUInt32BE(i)
    head.writeUInt32BE(count, 4)
    return Buffer.concat([head, message.subarray(i * room, (i + 1) * room)])
  })
}

/** Puts chunks together, in whatever order they come. */
export type Gathering = {
  /** Right: the whole message, or undefined while chunks are missing. Left: what comes is no chunk of a message that is
   *  within the limit. */
  take(chunk: Uint8Array): Either<string, Uint8Array | undefined>
}

/** A gathering of one message of at most `limitBytes`. */
export const gathering = (limitBytes: number): Gathering => {
  const chunks = new Map<number, Uint8Array>()
  let bytes = 0
  return {
    take: (chunk) => {
      if (chunk.length < headBytes) return left('a chunk is shorter than its head')
      const view = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      const [index, count] = [view.readUInt32BE(), view.readUInt32BE(4)]
      if (index >= count) return left(`there is no chunk ${index} of ${count}`)
      if (!chunks.has(index)) bytes += chunk.length
      chunks.set(index, view.subarray(headBytes))
      if (bytes > limitBytes) return left(`the message has more than ${limitBytes} bytes`)
      if (chunks.size < count) return right(undefined)
      return right(Buffer.concat(Array.from({ length: count }, (_, i) => chunks.get(i) ?? new Uint8Array())))
    },
  }
}
