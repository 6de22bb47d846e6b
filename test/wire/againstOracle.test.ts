import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode } from '../../src/wire/decode.ts'
import { messageEncoder } from '../../src/wire/encodeMessage.ts'
import type { EncodeProblem } from '../../src/wire/problems.ts'
import { messageNames } from '../../src/wire/schema.ts'
import { finish, newWriter } from '../../src/wire/writer.ts'
import { anyMessage } from './anyMessage.ts'
import { descriptors } from './descriptors.ts'

/** As `encode`, but goes on where a mere limit is broken: random messages break nearly all of them. */
const bytesOf = (name: string, json: unknown): Uint8Array => {
  const problems: EncodeProblem[] = []
  const writer = newWriter(64)
  messageEncoder(name)(writer, json, problems, 1)
  expect(
    problems.filter(({ message }) => /^(expected|unknown|only|nested|"@type")|twice/.test(message)),
  ).toEqual([])
  return finish(writer)
}

const oracle = (name: string) => {
  const schema = descriptors.getMessage(name)
  if (schema === undefined) throw new Error(`no descriptor of ${name}`)
  return {
    encode: (json: unknown) =>
      toBinary(schema, fromJson(schema, json as JsonValue, { registry: descriptors })),
    decode: (bytes: Uint8Array): unknown =>
      toJson(schema, fromBinary(schema, bytes), { registry: descriptors, useProtoFieldName: true }),
  }
}

/** Floats as floats: we show 0.1, the other library 0.10000000149011612. What doubles lose here, encoding again shows. */
const rounded = (json: unknown): unknown =>
  JSON.parse(JSON.stringify(json), (_, value) => (typeof value === 'number' ? Math.fround(value) : value))

describe('against another protobuf library', () => {
  const names = messageNames().filter((name) => !name.startsWith('google.protobuf.'))
  const shards = [0, 1, 2, 3].map((shard) => names.filter((_, i) => i % 4 === shard))

  test.each(shards)(
    'W1: any message of the API gives bytes that mean the same to both libraries (%s …)',
    (...shard) => {
      for (const name of shard) {
        const other = oracle(name)
        fc.assert(
          fc.property(anyMessage(name, 3), (json) => {
            const bytes = bytesOf(name, json)
            const theirs = other.encode(json)
            expect(other.decode(bytes)).toEqual(other.decode(theirs))
            expect(decode(name, theirs)).toEqual(decode(name, bytes))
          }),
          { seed: 1740, numRuns: 3 },
        )
      }
    },
  )

  test.each(shards)(
    'W2: any message decodes to the JSON that the other library reads, and encodes to itself again (%s …)',
    (...shard) => {
      for (const name of shard) {
        const other = oracle(name)
        fc.assert(
          fc.property(anyMessage(name, 3), (json) => {
            const bytes = bytesOf(name, json)
            const read = decode(name, bytes)
            expect(rounded(read)).toEqual(rounded(other.decode(bytes)))
            expect(bytesOf(name, read)).toEqual(bytes)
          }),
          { seed: 2017, numRuns: 3 },
        )
      }
    },
  )
})
