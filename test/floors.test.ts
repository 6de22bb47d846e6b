import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'

type Floor = { readonly rooms: readonly string[]; readonly packages: readonly string[] }

/** Who may import whom: the table of ARCHITECTURE.md. `*` stands for every room or package. */
const floors: Readonly<Record<string, Floor>> = {
  model: { rooms: [], packages: [] },
  ports: { rooms: ['model'], packages: ['fp-ts'] },
  codecs: { rooms: ['model', 'wire'], packages: ['io-ts', 'fp-ts', 'yaml', 're2js', '@babel/code-frame'] },
  reducers: { rooms: ['model'], packages: ['immer', 'fp-ts'] },
  wire: { rooms: ['model'], packages: ['fp-ts', 'node:*'] },
  projections: { rooms: ['model', 'wire'], packages: ['node:crypto', 'fp-ts'] },
  convert: { rooms: ['model'], packages: [] },
  explain: { rooms: ['model'], packages: ['re2js', 'fp-ts', 'node:net'] },
  delivery: { rooms: ['model', 'wire'], packages: [] },
  agent: { rooms: ['model', 'wire'], packages: [] },
  streams: {
    rooms: ['model', 'ports', 'reducers', 'projections', 'delivery', 'agent', 'wire'],
    packages: ['rxjs', 'fp-ts'],
  },
  adapters: {
    rooms: ['model', 'ports', 'codecs', 'wire', 'explain', 'convert', 'delivery', 'agent'],
    packages: ['*'],
  },
  cli: { rooms: ['*'], packages: ['*'] },
}

const root = join(import.meta.dirname, '..')
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => posix.join('src', file))
  .sort()

const roomOf = (file: string): string => file.split('/')[1]?.replace(/\.ts$/, '') ?? ''

const importsOf = (file: string): string[] =>
  ts
    .preProcessFile(readFileSync(join(root, file), 'utf8'), true, true)
    .importedFiles.map(({ fileName }) => fileName)

const packageOf = (name: string): string =>
  name.startsWith('@') ? name.split('/').slice(0, 2).join('/') : (name.split('/')[0] ?? name)

const trespasses = (file: string): string[] => {
  const room = roomOf(file)
  const floor = floors[room]
  if (floor === undefined) return [`${room} is no room of the house`]
  return importsOf(file).filter((name) => {
    if (name.startsWith('.')) {
      const target = roomOf(relative(root, join(root, posix.dirname(file), name)))
      return target !== room && !floor.rooms.includes('*') && !floor.rooms.includes(target)
    }
    return !floor.packages.some(
      (allowed) =>
        allowed === '*' ||
        allowed === name ||
        allowed === packageOf(name) ||
        (allowed === 'node:*' && name.startsWith('node:')),
    )
  })
}

describe('the house', () => {
  test('A1: there are rooms to look at', () => expect(sources.length).toBeGreaterThan(20))

  test.each(sources)('A1: %s stays on its floor', (file) => expect(trespasses(file)).toEqual([]))

  test('A2: no room is named after nothing', () =>
    expect(
      sources.filter((file) => /\/(utils?|helpers?|common|shared|managers?|misc|lib)(\/|\.ts$)/i.test(file)),
    ).toEqual([]))

  test('A3: reducers and projections read no clock, randomness, environment or locale', () => {
    const impure =
      /Date\.now|new Date\(\)|Math\.random|randomUUID|randomBytes|process\.|toLocale|localeCompare/
    const found = sources.filter(
      (file) =>
        ['model', 'reducers', 'projections', 'explain', 'delivery', 'agent'].includes(roomOf(file)) &&
        impure.test(readFileSync(join(root, file), 'utf8').replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, '')),
    )
    expect(found).toEqual([])
  })

  test('A4: immer changes a mesh in one place', () => {
    const found = sources.filter((file) => /\bproduce\(/.test(readFileSync(join(root, file), 'utf8')))
    expect(found).toEqual(['src/reducers/mesh.ts'])
  })
})
