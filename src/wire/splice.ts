import { finish, newWriter, writeBytes, writeHead, written } from './writer.ts'

/** The bytes of a message that is `head` with `parts` added to its repeated field `fieldNumber`: protobuf's repeated
 *  fields concatenate, so nothing is encoded again. */
export const concatFields = (
  head: Uint8Array,
  fieldNumber: number,
  parts: readonly Uint8Array[],
): Uint8Array => {
  const size = parts.reduce((sum, part) => sum + part.length + 10, head.length)
  const writer = newWriter(size)
  for (const part of parts.toReversed()) {
    const before = written(writer)
    writeBytes(writer, part)
    writeHead(writer, fieldNumber, before)
  }
  writeBytes(writer, head)
  return finish(writer)
}
