import { type Either, left, right } from 'fp-ts/lib/Either.js'

/** A message of a header, which is JSON, and byte strings: the header's length in four bytes (big endian), the header,
 *  the byte strings one after another. The header tells their lengths. */
export const packed = (header: string, blobs: readonly Uint8Array[]): Uint8Array => {
  const text = Buffer.from(header)
  const length = Buffer.alloc(lengthBytes)
  length.writeUInt32BE(text.length)
  return Buffer.concat([length, text, ...blobs])
}

const lengthBytes = 4

/** The header of a packed message, not checked yet, and the bytes that follow it. Left says what is wrong. */
export const unpacked = (
  message: Uint8Array,
): Either<string, { readonly header: unknown; readonly rest: Uint8Array }> => {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
  if (bytes.length < lengthBytes) return left('the message is shorter than its own length')
  const end = lengthBytes + bytes.readUInt32BE()
  if (end > bytes.length) return left('the message ends within its header')
  try {
    return right({
      header: JSON.parse(bytes.toString('utf8', lengthBytes, end)) as unknown,
      rest: bytes.subarray(end),
    })
  } catch (error) {
    return left(`the header is no JSON: ${(error as Error).message}`)
  }
}
