import { closeSync, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'

/** What following a log has cost so far. */
export type FollowedLog = {
  /** Bytes that were passed over because they came faster than `chunkBytes` a look. */
  skippedBytes(): number
  stop(): void
}

const lookEveryMs = 100
const chunkBytes = 1 << 18
const lineChars = 1 << 14
/** A file as long as this is emptied once it is read; who appends to it goes on at its beginning. */
const fileBytes = 1 << 23

/** Passes on the lines that are appended to the file at `path` from now on, a line longer than 16 Ki characters in
 *  pieces. Throws when the file can be neither opened nor made. */
export const followLog = (path: string, onLine: (line: string) => void): FollowedLog => {
  const file = openSync(path, 'a+', 0o600)
  const buffer = Buffer.allocUnsafe(chunkBytes)
  let offset = fstatSync(file).size
  let skipped = 0
  let rest = ''
  const look = (): void => {
    const size = fstatSync(file).size
    if (size < offset) offset = 0
    if (size - offset > chunkBytes * 4) {
      skipped += size - offset - chunkBytes
      offset = size - chunkBytes
      rest = ''
    }
    const bytes = readSync(file, buffer, 0, chunkBytes, offset)
    offset += bytes
    const lines = (rest + buffer.toString('utf8', 0, bytes)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) for (const piece of pieces(line)) onLine(piece)
    if (rest.length > lineChars) {
      onLine(rest.slice(0, lineChars))
      rest = rest.slice(lineChars)
    }
    if (offset >= fileBytes && fstatSync(file).size === offset) {
      ftruncateSync(file)
      offset = 0
    }
  }
  const timer = setInterval(look, lookEveryMs)
  return {
    skippedBytes: () => skipped,
    stop: () => {
      clearInterval(timer)
      look()
      closeSync(file)
    },
  }
}

const pieces = (line: string): readonly string[] =>
  line.length <= lineChars ? [line] : [line.slice(0, lineChars), ...pieces(line.slice(lineChars))]
