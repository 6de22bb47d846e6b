import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Stored } from '../../model/mesh.ts'
import type { Answer } from './route.ts'

// Some milliseconds of encoding; a longer list is sent piece by piece, so that other requests get their turn.
const pieceItems = 1000

/** The answer `{ "position", "items" }` with the resources of `found`. */
export const resourceList = (position: number, found: readonly Stored[]): Answer => {
  const headers = { 'rutter-position': String(position) }
  if (found.length <= pieceItems)
    return { headers, body: { position, items: found.map(({ resource }) => resource) } }
  const type = 'application/json; charset=utf-8'
  return { headers, type, body: Readable.from(pieces(position, found), { objectMode: false }) }
}

async function* pieces(position: number, found: readonly Stored[]): AsyncGenerator<string> {
  yield `{"position":${position},"items":[`
  for (let from = 0; from < found.length; from += pieceItems) {
    const texts = found.slice(from, from + pieceItems).map(({ resource }) => JSON.stringify(resource))
    yield (from === 0 ? '' : ',') + texts.join(',')
    await nextTurn()
  }
  yield ']}'
}
