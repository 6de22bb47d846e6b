import type {
  ConnectionDestination,
  IstioTcpRoute,
  IstioTlsRoute,
  VirtualServiceSpec,
} from '../../../model/istio/virtualService.ts'
import { problemCodes } from '../../problemCode.ts'
import { type Codec, checked } from '../../shapes/codec.ts'
import { listOf } from '../../shapes/listOf.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { destination, weight, weighted } from './destination.ts'
import { l4Match, tlsMatch } from './httpMatch.ts'
import { httpRoute } from './httpRoute.ts'
import { exportTo, gatewayNames, host } from './selectors.ts'

const destinations = listOf(
  'route',
  struct<ConnectionDestination>('a destination', { destination, weight: optional(weight) }),
  1,
)

const tcpRoute = checked(
  struct<IstioTcpRoute>('a route', { match: optional(listOf('match', l4Match)), route: destinations }),
  ({ route }) => weighted(route),
)

const tlsRoute = checked(
  struct<IstioTlsRoute>('a route', { match: listOf('match', tlsMatch, 1), route: destinations }),
  ({ route }) => weighted(route),
)

/** The spec of a VirtualService; without hosts it is there for others to delegate to. */
export const virtualServiceSpec: Codec<VirtualServiceSpec> = checked(
  struct<VirtualServiceSpec>('spec', {
    hosts: optional(listOf('hosts', host)),
    gateways: optional(gatewayNames),
    http: optional(listOf('http', httpRoute)),
    tls: optional(listOf('tls', tlsRoute)),
    tcp: optional(listOf('tcp', tcpRoute)),
    exportTo: optional(exportTo),
  }),
  (spec) => [
    ...((spec.http ?? spec.tls ?? spec.tcp) === undefined
      ? [
          {
            code: problemCodes.incomplete,
            message: 'A VirtualService needs http, tls or tcp routes.',
            path: [],
          },
        ]
      : []),
    ...((spec.hosts?.length ?? 0) === 0 && (spec.tcp ?? spec.tls) !== undefined
      ? [
          {
            code: problemCodes.incomplete,
            message: 'Only http routes are delegated to; tcp and tls routes need hosts.',
            path: [],
          },
        ]
      : []),
  ],
)
