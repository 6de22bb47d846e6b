import * as t from 'io-ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, codec, problem, shown } from './codec.ts'
import { isMap } from './struct.ts'

/** Any JSON map, as it stands; its copy has no prototype at any level. */
export const json: Codec<Readonly<Record<string, unknown>>> = codec('map', (input, context) =>
  isMap(input)
    ? t.success(bareMap(input))
    : t.failures([problem(input, context, problemCodes.wrongType, `Expected a map, found ${shown(input)}.`)]),
)

const bare = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(bare)
  return isMap(value) ? bareMap(value) : value
}

const bareMap = (map: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => {
  const copy: Record<string, unknown> = Object.create(null)
  for (const [key, one] of Object.entries(map)) copy[key] = bare(one)
  return copy
}
