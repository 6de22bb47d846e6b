import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { resourceToYaml } from '../../codecs/resourceToYaml.ts'
import type { Stored } from '../../model/mesh.ts'
import type { Resource } from '../../model/resource.ts'
import type { Answer } from './route.ts'
import { merged, sortedRuns } from './sortedRuns.ts'

// Some milliseconds of encoding; a longer list is sent piece by piece, so that other requests get their turn.
const pieceItems = 500

/** How a list is written. */
export type ListFormat = 'json' | 'yaml'

/** The answer with the resources of `found`, sorted: `{ "position", "items" }`, or a stream of YAML documents. */
export const resourceList = async (
  position: number,
  found: Iterable<Stored>,
  format: ListFormat,
): Promise<Answer> => {
  const { type, head, encode, between, tail } = formats[format]
  const runs = await sortedRuns(found)
  const pieces = function* (): Generator<string> {
    let piece: string[] = []
    let before = head(position)
    for (const { resource } of merged(runs)) {
      piece.push(encode(resource))
      if (piece.length < pieceItems) continue
      yield before + piece.join(between)
      before = between
      piece = []
    }
    yield (piece.length === 0 && before === between ? '' : before) + piece.join(between) + tail
  }
  const count = runs.reduce((sum, run) => sum + run.length, 0)
  const body =
    count < pieceItems ? [...pieces()].join('') : Readable.from(unhurried(pieces()), { objectMode: false })
  return { headers: { 'rutter-position': String(position) }, type, body }
}

const formats = {
  json: {
    type: 'application/json; charset=utf-8',
    head: (position: number) => `{"position":${position},"items":[`,
    encode: (resource: Resource) => JSON.stringify(resource),
    between: ',',
    tail: ']}',
  },
  yaml: {
    type: 'application/yaml; charset=utf-8',
    head: () => '',
    encode: resourceToYaml,
    between: '---\n',
    tail: '',
  },
} as const

async function* unhurried(pieces: Iterable<string>): AsyncGenerator<string> {
  for (const piece of pieces) {
    yield piece
    await nextTurn()
  }
}
