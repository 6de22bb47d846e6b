import { isLeft } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { EnvoyResourceSpec, ProxySelector } from '../../model/envoyResource.ts'
import { nodeIdMaxBytes, parseNodeId } from '../nodeId.ts'
import { problemCodes } from '../problemCode.ts'
import { choice } from '../shapes/choice.ts'
import { type Codec, checked, codec, type Finding } from '../shapes/codec.ts'
import { duplicates } from '../shapes/duplicates.ts'
import { json } from '../shapes/json.ts'
import { listOf } from '../shapes/listOf.ts'
import { labels } from '../shapes/names.ts'
import { truth } from '../shapes/number.ts'
import { optional, struct } from '../shapes/struct.ts'
import { textOr } from '../shapes/text.ts'
import { envoyFindings } from './envoyFindings.ts'

const nodeId = textOr('node id', problemCodes.badName, (value) => {
  const parsed = parseNodeId(value)
  return isLeft(parsed) ? parsed.left : undefined
})

const allProxies: Codec<true> = codec('all', (input, context) => {
  const read = truth.validate(input, context)
  if (isLeft(read)) return read
  return read.right
    ? t.success(true as const)
    : t.failures([{ value: input, context, message: `${problemCodes.notAChoice} "all" is true or absent.` }])
})

/** Proxies by id; or by type, labels or both; or all of them. */
const proxies: Codec<ProxySelector> = checked(
  struct<ProxySelector>('proxies', {
    ids: optional(listOf('ids', nodeId, 1)),
    types: optional(listOf('types', choice('type', ['sidecar', 'ingress', 'router'] as const), 1)),
    labels: optional(labels),
    all: optional(allProxies),
  }),
  ({ ids, types, labels: wanted, all }) => [
    ...duplicates(
      ids ?? [],
      (id) => id,
      'node id',
      (i) => ['ids', i],
    ),
    ...duplicates(
      types ?? [],
      (type) => type,
      'type',
      (i) => ['types', i],
    ),
    ...oneWay([ids !== undefined, types !== undefined || wanted !== undefined, all !== undefined]),
    ...(wanted !== undefined && Object.keys(wanted).length === 0
      ? [
          {
            code: problemCodes.incomplete,
            message: 'No labels choose nothing; use all: true.',
            path: ['labels'],
          },
        ]
      : []),
  ],
)

const oneWay = (ways: readonly boolean[]): readonly Finding[] =>
  ways.filter((used) => used).length === 1
    ? []
    : [
        {
          code: problemCodes.incomplete,
          message: `Proxies are chosen in exactly one way: ids, types and labels, or all. A node id has at most ${nodeIdMaxBytes} bytes.`,
          path: [],
        },
      ]

const resource: Codec<EnvoyResourceSpec['resource']> = codec('resource', (input, context) => {
  const read = envoyMessage.validate(input, context)
  return isLeft(read) ? read : t.success(read.right as EnvoyResourceSpec['resource'])
})

const envoyMessage = checked(json, envoyFindings)

/** The spec of an EnvoyResource: chosen proxies and a message that Envoy's own field limits allow. */
export const envoyResourceSpec: Codec<EnvoyResourceSpec> = struct<EnvoyResourceSpec>('spec', {
  proxies,
  resource,
})
