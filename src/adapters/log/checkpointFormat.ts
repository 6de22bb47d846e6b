import { crc32 } from 'node:zlib'
import { type Either, left, right } from 'fp-ts/lib/Either.js'
import { type Mesh, meshShapeVersion, type Trie, type TrieTwig } from '../../model/mesh.ts'
import { trieWidth } from '../../model/trie.ts'
import type { Checkpoint } from '../../ports.ts'

/** Why a checkpoint is of no use: spoilt, or written by a build with another format or shape of the mesh. */
export type CheckpointUnfit =
  | { readonly _tag: 'CheckpointDamaged'; readonly file: string; readonly reason: string }
  | { readonly _tag: 'CheckpointOfOtherVersion'; readonly file: string }

// It is one JSON array, an element a line: first the header, then every twig of the three tries with its
// place, last the CRC-32 of all lines before.
const formatVersion = 1
const tries = ['services', 'instances', 'configs'] as const

type Header = Omit<Checkpoint, 'mesh'> & {
  readonly format: number
  readonly shape: number
  readonly settings: Mesh['settings']
}
type TwigLine = readonly [trie: (typeof tries)[number], branch: number, twig: number, leaves: TrieTwig]

/** About this much is encoded at once, in less than 1 ms; other work has its turn while it is written. */
const sliceChars = 2 ** 16

/** What is stored of `checkpoint`, in slices that are encoded as they are asked for. */
export function* checkpointSlices(checkpoint: Checkpoint): Generator<Buffer, void, undefined> {
  let checksum = 0
  for (const slice of slicesOf(checkpoint)) {
    const bytes = Buffer.from(slice)
    checksum = crc32(bytes, checksum)
    yield bytes
  }
  yield Buffer.from(`${checksum}\n]\n`)
}

function* slicesOf(checkpoint: Checkpoint): Generator<string> {
  let slice = '[\n'
  for (const line of linesOf(checkpoint)) {
    slice += `${JSON.stringify(line)},\n`
    if (slice.length < sliceChars) continue
    yield slice
    slice = ''
  }
  yield slice
}

function* linesOf({ mesh, ...about }: Checkpoint): Generator<Header | TwigLine> {
  yield { format: formatVersion, shape: meshShapeVersion, ...about, settings: mesh.settings }
  for (const trie of tries) {
    for (const [i, branch] of mesh[trie].entries()) {
      for (const [j, twig] of branch?.entries() ?? []) if (twig !== null) yield [trie, i, j, twig]
    }
  }
}

/** The checkpoint in `bytes`, or why it is of no use; `file` is what to call it then. Its mesh is not frozen:
 *  `replayMesh` freezes what it makes. */
export const decodeCheckpoint = (bytes: Buffer, file: string): Either<CheckpointUnfit, Checkpoint> => {
  try {
    const last = bytes.lastIndexOf('\n', bytes.length - 4) + 1
    if (bytes.toString('latin1', last) !== `${crc32(bytes.subarray(0, last))}\n]\n`) {
      return checkpointDamaged(file, 'the checksum is wrong')
    }
    const lines = linesIn(bytes, last)
    const header = lines.next().value as Header
    if (header.format !== formatVersion || header.shape !== meshShapeVersion) {
      return left({ _tag: 'CheckpointOfOtherVersion', file })
    }
    const { format: _, shape: __, settings, ...about } = header
    return right({ ...about, mesh: { settings, ...triesOf(lines as Iterable<TwigLine>) } })
  } catch (error) {
    return checkpointDamaged(file, (error as Error).message)
  }
}

function* linesIn(bytes: Buffer, end: number): Generator<unknown, undefined> {
  for (let from = 2; from < end; ) {
    const to = bytes.indexOf('\n', from)
    yield JSON.parse(bytes.toString('utf8', from, to - 1))
    from = to + 1
  }
}

type Open = (TrieTwig | null)[]
const triesOf = (lines: Iterable<TwigLine>): Omit<Mesh, 'settings'> => {
  const empty = () => new Array<Open | null>(trieWidth).fill(null)
  const made = { services: empty(), instances: empty(), configs: empty() }
  for (const [trie, i, j, leaves] of lines) {
    const branch = made[trie][i] ?? new Array<TrieTwig | null>(trieWidth).fill(null)
    branch[j] = leaves
    made[trie][i] = branch
  }
  return made as { readonly [K in keyof typeof made]: Trie } as Omit<Mesh, 'settings'>
}

/** A checkpoint that is spoilt. */
export const checkpointDamaged = (file: string, reason: string): Either<CheckpointUnfit, never> =>
  left({ _tag: 'CheckpointDamaged', file, reason })
