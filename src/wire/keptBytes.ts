/** Memory that short messages share. */
const chunkBytes = 8 * 1024
/** Longer ones have memory of their own, so that a chunk is never left half empty. */
const longestSharedBytes = 1024

/** A copy of `bytes` for as long as somebody keeps it. Short ones lie beside others that were made about the same time:
 *  a buffer of its own takes longer to make than most messages to encode, and weighs 150 bytes. In return, one that
 *  outlives its neighbours holds up to 8 KiB. */
export const keptBytes = (bytes: Uint8Array): Uint8Array => {
  if (bytes.length > longestSharedBytes) return new Uint8Array(bytes)
  if (taken + bytes.length > chunk.byteLength) {
    chunk = new ArrayBuffer(chunkBytes)
    taken = 0
  }
  const copy = new Uint8Array(chunk, taken, bytes.length)
  copy.set(bytes)
  taken += bytes.length
  return copy
}

let chunk = new ArrayBuffer(0)
let taken = 0
