import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/model/entry.ts'
import type { MeshEvent } from '../../src/model/event.ts'
import { findIn, valuesOf } from '../../src/model/trie.ts'
import { trieDifference } from '../../src/model/trieDifference.ts'
import { emptySnapshot, reduceMesh, replayMesh } from '../../src/reducers/mesh.ts'
import { applied, entriesOf, given, instance, removed, routeRule, service } from './given.ts'

const anyEvent: fc.Arbitrary<MeshEvent> = fc
  .tuple(fc.constantFrom('service', 'instance', 'rule'), fc.nat(60), fc.nat(3), fc.boolean())
  .map(([kind, number, version, leaves]) => {
    const resource =
      kind === 'service'
        ? service(`s${number}`, { address: `10.0.0.${version}` })
        : kind === 'instance'
          ? instance(`i${number}`, 's1', `10.1.0.${version}`)
          : routeRule(`r${number}`, { destination: { name: 's1' }, precedence: version })
    return leaves ? removed(resource) : applied(resource)
  })

const anyHistory = fc.array(anyEvent, { maxLength: 80 }).map((events) => entriesOf(events))

/** `entries` cut into runs of the given lengths, the rest in the last. */
const batches = (entries: readonly Entry[], lengths: readonly number[]): Entry[][] => {
  const runs: Entry[][] = []
  let rest = entries
  for (const length of lengths) {
    runs.push(rest.slice(0, length))
    rest = rest.slice(length)
  }
  return [...runs, [...rest]]
}

describe('folding', () => {
  test('R1: any split into batches gives the same mesh', () =>
    fc.assert(
      fc.property(anyHistory, fc.array(fc.nat(9)), (entries, lengths) => {
        const atOnce = reduceMesh(emptySnapshot, entries)
        const inBatches = batches(entries, lengths).reduce(reduceMesh, emptySnapshot)
        expect(inBatches).toEqual(atOnce)
      }),
      { seed: 1, numRuns: 150 },
    ))

  test('R2: replaying equals living, also from the middle', () =>
    fc.assert(
      fc.property(anyHistory, fc.nat(80), (entries, cut) => {
        const lived = entries.reduce((snapshot, entry) => reduceMesh(snapshot, [entry]), emptySnapshot)
        const middle = reduceMesh(emptySnapshot, entries.slice(0, cut))
        const before = JSON.stringify(middle)
        const replay = replayMesh(middle)
        replay.fold(entries.slice(cut))
        expect(replay.finish()).toEqual(lived)
        expect(JSON.stringify(middle)).toBe(before)
      }),
      { seed: 2, numRuns: 150 },
    ))

  test('R3: removing undoes adding, to the last branch', () =>
    fc.assert(
      fc.property(anyHistory, fc.nat(500), (entries, number) => {
        const before = reduceMesh(emptySnapshot, entries)
        const stranger = instance(`stranger${number}`, 's1', '10.9.9.9')
        const after = reduceMesh(before, entriesOf([applied(stranger), removed(stranger)], 1000))
        expect(after.mesh).toEqual(before.mesh)
      }),
      { seed: 3, numRuns: 150 },
    ))

  test('R4: removing what is not there changes nothing', () => {
    const before = given(applied(service('reviews')))
    const after = reduceMesh(before, entriesOf([removed(service('ratings'))], 2))
    expect(after.mesh).toBe(before.mesh)
    expect(after.position).toBe(2)
  })

  test('R5: a resource knows where it last changed and who put it there', () => {
    const { mesh } = given(
      applied(service('a')),
      applied(service('b')),
      applied(service('a', { address: '10.0.0.1' })),
    )
    expect(findIn(mesh.services, 'Service', 'default', 'a')).toMatchObject({ position: 3, source: 'http' })
    expect(findIn(mesh.services, 'Service', 'default', 'b')?.position).toBe(2)
  })

  test('R6: a snapshot is frozen, live or replayed', () => {
    const replay = replayMesh(emptySnapshot)
    replay.fold(entriesOf([applied(service('a'))]))
    for (const { mesh } of [given(applied(service('a'))), replay.finish()]) {
      const stored = findIn(mesh.services, 'Service', 'default', 'a')
      expect(() => Object.assign(stored?.resource.metadata ?? {}, { name: 'b' })).toThrow(TypeError)
      expect(Object.isFrozen(mesh.services)).toBe(true)
    }
  })

  test('R6: so is all that is in it, whatever has happened', () => {
    const thawed = (value: unknown): boolean =>
      typeof value === 'object' &&
      value !== null &&
      (!Object.isFrozen(value) || Object.values(value).some(thawed))
    fc.assert(
      fc.property(anyHistory, fc.integer({ min: 1, max: 5 }), (entries, batch) => {
        let snapshot = emptySnapshot
        for (let i = 0; i < entries.length; i += batch) {
          snapshot = reduceMesh(snapshot, entries.slice(i, i + batch))
          expect(thawed(snapshot.mesh)).toBe(false)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('R13: the difference of two tries is found exactly', () =>
    fc.assert(
      fc.property(anyHistory, fc.nat(80), (entries, cut) => {
        const before = reduceMesh(emptySnapshot, entries.slice(0, cut)).mesh.instances
        const after = reduceMesh(emptySnapshot, entries).mesh.instances
        const found = new Map(
          trieDifference(before, after).map((one) => [name(one.before ?? one.after), one]),
        )
        const names = new Set([...valuesOf(before), ...valuesOf(after)].map(name))
        for (const each of names) {
          const was = [...valuesOf(before)].find((one) => name(one) === each)
          const is = [...valuesOf(after)].find((one) => name(one) === each)
          if (was?.position === is?.position) continue
          expect(found.get(each)).toEqual({ before: was, after: is })
        }
      }),
      { seed: 4, numRuns: 100 },
    ))
})

const name = (stored: { resource: { metadata: { name: string } } } | undefined): string =>
  stored?.resource.metadata.name ?? ''
