import type {
  HttpMatchRequest,
  IstioStringMatch,
  L4MatchAttributes,
  TlsMatchAttributes,
} from '../../../model/istio/virtualService.ts'
import { problemCodes } from '../../problemCode.ts'
import { type Codec, checked, type Finding } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { labels } from '../../shapes/names.ts'
import { port, subnet } from '../../shapes/network.ts'
import { truth } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText } from '../../shapes/text.ts'
import { gatewayNames, host, sourceNamespace } from './selectors.ts'
import { headerMatches, queryMatches, stringMatch } from './stringMatch.ts'

const given: Codec<IstioStringMatch> = checked(stringMatch, (match) =>
  Object.values(match).some((value) => value !== '')
    ? []
    : [{ code: problemCodes.incomplete, message: 'This match needs a text that is not empty.', path: [] }],
)

/** The conditions of one alternative of an HTTP route. */
export const httpMatchRequest: Codec<HttpMatchRequest> = struct<HttpMatchRequest>('a match', {
  name: optional(plainText('name', 253)),
  uri: optional(given),
  ignoreUriCase: optional(truth),
  scheme: optional(given),
  method: optional(given),
  authority: optional(given),
  headers: optional(headerMatches),
  withoutHeaders: optional(headerMatches),
  queryParams: optional(queryMatches),
  port: optional(port),
  sourceLabels: optional(labels),
  sourceNamespace: optional(sourceNamespace),
  gateways: optional(gatewayNames),
  statPrefix: optional(plainText('statPrefix', 253)),
})

const connection = {
  destinationSubnets: optional(listOf('subnets', subnet)),
  sourceSubnet: optional(subnet),
  port: optional(port),
  sourceLabels: optional(labels),
  sourceNamespace: optional(sourceNamespace),
  gateways: optional(gatewayNames),
} as const

/** The conditions of a TCP route. */
export const l4Match: Codec<L4MatchAttributes> = struct<L4MatchAttributes>('a match', connection)

/** The conditions of a TLS route. */
export const tlsMatch: Codec<TlsMatchAttributes> = checked(
  struct<TlsMatchAttributes>('a match', { ...connection, sniHosts: listOf('sniHosts', host, 1) }),
  ({ sniHosts }): readonly Finding[] =>
    sniHosts.flatMap((sni, i) =>
      sni === '*' && sniHosts.length > 1
        ? [{ code: problemCodes.excluded, message: '"*" takes every name already.', path: ['sniHosts', i] }]
        : [],
    ),
)
