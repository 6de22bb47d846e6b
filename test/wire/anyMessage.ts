import fc from 'fast-check'
import { enumSchema, type FieldSchema, messageSchema } from '../../src/wire/schema.ts'

/** JSON of the message called `name` with every kind of value its schema allows, limits aside, at most `depth` deep. */
export const anyMessage = (name: string, depth: number): fc.Arbitrary<Record<string, unknown>> => {
  const fields = messageSchema(name)?.fields ?? []
  const entries = fields.flatMap((field) => {
    const value = depth > 0 || !isDeep(field) ? anyField(field, depth - 1) : undefined
    return value === undefined ? [] : [{ field, value }]
  })
  if (entries.length === 0) return fc.constant({})
  // A few fields of each message: with all of them the tree would grow without bound.
  return fc
    .subarray(entries, { maxLength: Math.min(5, entries.length) })
    .chain((some) =>
      fc.tuple(...some.map(({ field, value }) => fc.tuple(fc.constant(field), fc.boolean(), value))),
    )
    .map((members) => {
      const oneofs = new Set<string>()
      const json: Record<string, unknown> = {}
      for (const [field, snake, value] of members) {
        if (field.oneof !== '' && oneofs.has(field.oneof)) continue
        oneofs.add(field.oneof)
        json[snake ? field.name : field.jsonName] = value
      }
      return json
    })
}

const isDeep = (field: FieldSchema): boolean =>
  messageSchema(field.type) !== undefined && wellKnown(field.type, 0) === undefined

const anyField = (field: FieldSchema, depth: number): fc.Arbitrary<unknown> => {
  const value = anyValue(field.type, depth)
  if (field.shape === 'many') return fc.array(value, { maxLength: 3 })
  if (field.shape === 'map')
    return fc.dictionary(anyValue(field.keyType, 0).map(String), value, { maxKeys: 3, noNullPrototype: true })
  return value
}

const anyValue = (type: string, depth: number): fc.Arbitrary<unknown> => {
  const known = scalars[type] ?? wellKnown(type, depth)
  if (known !== undefined) return known
  const values = enumSchema(type)
  if (values !== undefined) return fc.constantFrom(...values.numberOf.keys(), ...values.nameOf.keys())
  return fc.constant(null).chain(() => anyMessage(type, depth))
}

// No text that looks like a prototype key: the other library keeps such keys in plain objects.
const text = fc
  .oneof(fc.string({ maxLength: 80 }), fc.string({ unit: 'grapheme', maxLength: 40 }))
  .filter((word) => word !== '__proto__')
const int32 = fc.integer()
const uint32 = fc.integer({ min: 0, max: 0xffffffff })
const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n).map(String)
const uint64 = fc.bigInt(0n, 2n ** 64n - 1n).map(String)
const float = fc.float({ noNaN: true, noDefaultInfinity: true })
const double = fc.double({ noNaN: true, noDefaultInfinity: true })
const bytes = fc.uint8Array({ maxLength: 40 }).map((some) => Buffer.from(some).toString('base64'))

const scalars: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  int32,
  sint32: int32,
  sfixed32: int32,
  uint32,
  fixed32: uint32,
  int64,
  sint64: int64,
  sfixed64: int64,
  uint64,
  fixed64: uint64,
  float,
  double,
  bool: fc.boolean(),
  string: text,
  bytes,
}

/** Types that an Any of the generator may hold. */
const inAny = [
  'envoy.config.core.v3.Address',
  'envoy.config.core.v3.SocketOption',
  'envoy.extensions.filters.http.router.v3.Router',
  'envoy.type.matcher.v3.ValueMatcher',
]

const wellKnown = (type: string, depth: number): fc.Arbitrary<unknown> | undefined => {
  switch (type) {
    case 'google.protobuf.Any':
      return fc.oneof(
        fc.string({ unit: 'grapheme-ascii', maxLength: 9 }).map((value) => ({
          '@type': 'type.googleapis.com/google.protobuf.StringValue',
          value,
        })),
        fc.constantFrom(...inAny).chain((name) =>
          anyMessage(name, Math.max(depth, 0)).map((json) => ({
            '@type': `type.googleapis.com/${name}`,
            ...json,
          })),
        ),
      )
    case 'google.protobuf.Duration':
      return fc
        .tuple(fc.integer({ min: 0, max: 9e9 }), fc.integer({ min: 0, max: 999_999_999 }), fc.boolean())
        .map(([seconds, nanos, whole]) =>
          whole ? `${seconds}s` : `${seconds}.${String(nanos).padStart(9, '0')}s`,
        )
    case 'google.protobuf.Timestamp':
      return fc
        .date({ min: new Date(-6e13), max: new Date(2.5e14), noInvalidDate: true })
        .map((at) => at.toISOString())
    case 'google.protobuf.FieldMask':
      return fc.constantFrom('', 'a', 'fooBar,baz')
    case 'google.protobuf.Value':
      return fc.jsonValue({ maxDepth: 3 }).filter(plain)
    case 'google.protobuf.ListValue':
      return fc.array(fc.jsonValue({ maxDepth: 2 }).filter(plain), { maxLength: 3 })
    case 'google.protobuf.Struct':
      return fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }).filter(plain), {
        maxKeys: 3,
        noNullPrototype: true,
      })
    case 'google.protobuf.NullValue':
      return fc.constant(null)
    default: {
      const inner = wrapped[type]
      return inner === undefined ? undefined : scalars[inner]
    }
  }
}

const plain = (value: unknown): boolean => !JSON.stringify(value).includes('__proto__')

const wrapped: Readonly<Record<string, string>> = {
  'google.protobuf.BoolValue': 'bool',
  'google.protobuf.BytesValue': 'bytes',
  'google.protobuf.DoubleValue': 'double',
  'google.protobuf.FloatValue': 'float',
  'google.protobuf.Int32Value': 'int32',
  'google.protobuf.Int64Value': 'int64',
  'google.protobuf.StringValue': 'string',
  'google.protobuf.UInt32Value': 'uint32',
  'google.protobuf.UInt64Value': 'uint64',
}
