import { isLeft } from 'fp-ts/lib/Either.js'
import { eventsFromStored } from '../../codecs/event.ts'
import type { Entry, Position } from '../../model/entry.ts'
import { chainHash } from './chainHash.ts'
import { frameHash } from './frame.ts'
import { logDamaged } from './logDamaged.ts'
import { type Frame, type Run, readSegment } from './segmentReader.ts'
import type { Place, Segment } from './segments.ts'

export type ReadOptions = {
  /** Also computes every hash of the chain; checksums are always checked. */
  readonly hashes?: boolean
  /** Told the bytes read so far, from `after` on. */
  readonly onBytes?: (bytes: number) => void
}

/** The entries after `after` up to `upTo`, in batches of about 1 MiB. Throws a `LogDamaged` where one of them is
 *  lost or spoilt. */
export async function* readEntries(
  segments: readonly Segment[],
  after: Position,
  upTo: Position,
  options: ReadOptions = {},
): AsyncGenerator<readonly Entry[], void, undefined> {
  let expected = after + 1
  let lastHash: string | undefined
  while (expected <= upTo) {
    const segment = segments.findLast(({ first }) => first <= expected)
    if (segment === undefined) throw logDamaged('segments', expected, 'no segment holds this entry')
    if (lastHash !== undefined && segment.hashBefore !== lastHash) {
      throw logDamaged(segment.path, expected, 'the segment does not follow the one before it')
    }
    for await (const entries of entriesOf(segment, expected, upTo, options)) {
      expected += entries.length
      lastHash = entries.at(-1)?.hash
      yield entries
    }
    const following = segments.find(({ first }) => first > segment.first)
    if (expected <= upTo && following?.first !== expected) {
      throw logDamaged(segment.path, expected, 'the segment ends before this entry')
    }
  }
}

async function* entriesOf(
  segment: Segment,
  from: Position,
  upTo: Position,
  { hashes = false, onBytes }: ReadOptions,
): AsyncGenerator<readonly Entry[], void, undefined> {
  let place = segment.marks.findLast(({ position }) => position <= from) as Place
  const reader = await readSegment(segment, place)
  try {
    for (let run = await reader.next(); run !== undefined; run = await reader.next()) {
      if (hashes) checkChain(segment, run, place.hashBefore)
      const wanted = run.frames.filter(({ position }) => position >= from && position <= upTo)
      const bytes = run.bytes
      if (wanted.length > 0) yield wanted.map((frame) => decodeEntry(segment, bytes, frame))
      onBytes?.(run.end.offset - place.offset)
      place = run.end
      if (place.position > upTo) return
      if (run.fault !== undefined) throw logDamaged(segment.path, place.position, run.fault)
    }
  } finally {
    await reader.close()
  }
}

const checkChain = (segment: Segment, { bytes, frames }: Run, hashBefore: string): void => {
  let before = hashBefore
  for (const { position, offset, payload, end } of frames) {
    const hash = frameHash(bytes, offset)
    if (chainHash(before, bytes.subarray(payload, end)) !== hash) {
      throw logDamaged(segment.path, position, 'the hash chain is broken')
    }
    before = hash
  }
}

const decodeEntry = (segment: Segment, bytes: Buffer, { position, offset, payload, end }: Frame): Entry => {
  const events = eventsFromStored(parse(segment, position, bytes.toString('utf8', payload, end)))
  if (isLeft(events)) throw logDamaged(segment.path, position, events.left.message)
  return { position, hash: frameHash(bytes, offset), events: events.right }
}

const parse = (segment: Segment, position: Position, text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw logDamaged(segment.path, position, (error as Error).message)
  }
}
