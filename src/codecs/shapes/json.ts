import * as t from 'io-ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, codec, problem, shown } from './codec.ts'
import { isMap } from './struct.ts'

/** Any JSON map, as it stands. */
export const json: Codec<Readonly<Record<string, unknown>>> = codec('map', (input, context) =>
  isMap(input)
    ? t.success(input)
    : t.failures([problem(input, context, problemCodes.wrongType, `Expected a map, found ${shown(input)}.`)]),
)
