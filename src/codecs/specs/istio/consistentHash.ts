import type { IstioLoadBalancer } from '../../../model/istio/destinationRule.ts'
import { problemCodes } from '../../problemCode.ts'
import { type Codec, checked } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { duration } from '../../shapes/network.ts'
import { truth, wholeNumber } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText, text } from '../../shapes/text.ts'
import { headerNameInAnyCase } from './stringMatch.ts'

type Hash = NonNullable<IstioLoadBalancer['consistentHash']>
type Cookie = NonNullable<Hash['httpCookie']>

// Envoy takes for the name of an attribute what may name a header (HashPolicy.CookieAttribute of route.v3); a `;` in its
// value would begin the next one.
const attribute = struct<NonNullable<Cookie['attributes']>[number]>('an attribute', {
  name: headerNameInAnyCase,
  value: optional(
    text(
      'value',
      problemCodes.badText,
      'the value of an attribute: at most 1024 characters without `;` and control characters',
      (value) => value.length <= 1024 && !/[;\p{Cc}]/u.test(value),
    ),
  ),
})

const hashKeys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const

/** By what requests are alike; one of the four ways. */
export const consistentHash: Codec<Hash> = checked(
  struct<Hash>('consistentHash', {
    httpHeaderName: optional(headerNameInAnyCase),
    httpCookie: optional(
      struct<Cookie>('httpCookie', {
        name: plainText('name', 256),
        path: optional(plainText('path', 1024)),
        ttl: optional(duration('ttl', 0)),
        attributes: optional(listOf('attributes', attribute)),
      }),
    ),
    useSourceIp: optional(truth),
    httpQueryParameterName: optional(plainText('httpQueryParameterName', 256)),
    // Envoy's bounds (RingHashLbConfig and MaglevLbConfig of cluster.v3).
    ringHash: optional(
      struct<NonNullable<Hash['ringHash']>>('ringHash', {
        minimumRingSize: optional(wholeNumber('minimumRingSize', 0, 8_388_608)),
      }),
    ),
    maglev: optional(
      struct<NonNullable<Hash['maglev']>>('maglev', {
        tableSize: optional(wholeNumber('tableSize', 1, 5_000_011)),
      }),
    ),
    minimumRingSize: optional(wholeNumber('minimumRingSize', 0, 8_388_608)),
  }),
  (hash) => {
    const found = hashKeys.filter((key) => hash[key] !== undefined)
    return found.length === 1
      ? []
      : [
          {
            code: problemCodes.incomplete,
            message: `A consistentHash has exactly one of ${hashKeys.join(', ')}; found ${found.join(' and ') || 'none'}.`,
            path: [],
          },
        ]
  },
)
