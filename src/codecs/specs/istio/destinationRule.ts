import type {
  ClientTls,
  DestinationRuleSpec,
  IstioConnectionPool,
  IstioLoadBalancer,
  IstioOutlierDetection,
  IstioSubset,
  PortTrafficPolicy,
  TrafficPolicy,
} from '../../../model/istio/destinationRule.ts'
import { problemCodes } from '../../problemCode.ts'
import { choice } from '../../shapes/choice.ts'
import { type Codec, checked } from '../../shapes/codec.ts'
import { duplicates } from '../../shapes/duplicates.ts'
import { json } from '../../shapes/json.ts'
import { listOf } from '../../shapes/listOf.ts'
import { labels } from '../../shapes/names.ts'
import { duration, port } from '../../shapes/network.ts'
import { truth, wholeNumber } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText } from '../../shapes/text.ts'
import { subsetName } from './destination.ts'
import { exportTo, host, workloadSelector } from './selectors.ts'
import { headerNameInAnyCase } from './stringMatch.ts'

const count = (name: string, least = 0): Codec<number> => wholeNumber(name, least, 2 ** 31 - 1)

type Hash = NonNullable<IstioLoadBalancer['consistentHash']>
type Tcp = NonNullable<IstioConnectionPool['tcp']>
type Http = NonNullable<IstioConnectionPool['http']>

const hashKeys = ['httpHeaderName', 'httpCookie', 'useSourceIp', 'httpQueryParameterName'] as const

const consistentHash: Codec<Hash> = checked(
  struct<Hash>('consistentHash', {
    httpHeaderName: optional(headerNameInAnyCase),
    httpCookie: optional(
      struct<NonNullable<Hash['httpCookie']>>('httpCookie', {
        name: plainText('name', 256),
        path: optional(plainText('path', 1024)),
        ttl: optional(duration('ttl', 0)),
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

const loadBalancer: Codec<IstioLoadBalancer> = checked(
  struct<IstioLoadBalancer>('loadBalancer', {
    simple: optional(
      choice('load balancer', [
        'UNSPECIFIED',
        'LEAST_CONN',
        'RANDOM',
        'PASSTHROUGH',
        'ROUND_ROBIN',
        'LEAST_REQUEST',
      ]),
    ),
    consistentHash: optional(consistentHash),
    localityLbSetting: optional(json),
    warmupDurationSecs: optional(duration('warmupDurationSecs')),
    warmup: optional(json),
  }),
  ({ simple, consistentHash: hash }) =>
    simple !== undefined && hash !== undefined
      ? [
          {
            code: problemCodes.excluded,
            message: 'simple and consistentHash exclude each other.',
            path: ['consistentHash'],
          },
        ]
      : [],
)

const tcp = struct<Tcp>('tcp', {
  maxConnections: optional(count('maxConnections')),
  connectTimeout: optional(duration('connectTimeout')),
  tcpKeepalive: optional(
    struct<NonNullable<Tcp['tcpKeepalive']>>('tcpKeepalive', {
      probes: optional(count('probes')),
      time: optional(duration('time', 1000)),
      interval: optional(duration('interval', 1000)),
    }),
  ),
  maxConnectionDuration: optional(duration('maxConnectionDuration')),
  idleTimeout: optional(duration('idleTimeout', 0)),
})

const http = struct<Http>('http', {
  http1MaxPendingRequests: optional(count('http1MaxPendingRequests')),
  http2MaxRequests: optional(count('http2MaxRequests')),
  maxRequestsPerConnection: optional(count('maxRequestsPerConnection')),
  maxRetries: optional(count('maxRetries')),
  idleTimeout: optional(duration('idleTimeout', 0)),
  h2UpgradePolicy: optional(choice('h2UpgradePolicy', ['DEFAULT', 'DO_NOT_UPGRADE', 'UPGRADE'])),
  useClientProtocol: optional(truth),
  maxConcurrentStreams: optional(count('maxConcurrentStreams')),
})

const outlierDetection = struct<IstioOutlierDetection>('outlierDetection', {
  consecutiveErrors: optional(count('consecutiveErrors')),
  splitExternalLocalOriginErrors: optional(truth),
  consecutiveLocalOriginFailures: optional(count('consecutiveLocalOriginFailures')),
  consecutiveGatewayErrors: optional(count('consecutiveGatewayErrors')),
  consecutive5xxErrors: optional(count('consecutive5xxErrors')),
  interval: optional(duration('interval')),
  baseEjectionTime: optional(duration('baseEjectionTime')),
  maxEjectionPercent: optional(wholeNumber('maxEjectionPercent', 0, 100)),
  minHealthPercent: optional(wholeNumber('minHealthPercent', 0, 100)),
})

const path = plainText('path', 4096)

const tls: Codec<ClientTls> = checked(
  struct<ClientTls>('tls', {
    mode: optional(choice('mode', ['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'])),
    clientCertificate: optional(path),
    privateKey: optional(path),
    caCertificates: optional(path),
    credentialName: optional(plainText('credentialName', 253)),
    subjectAltNames: optional(listOf('subjectAltNames', plainText('name', 1024))),
    sni: optional(plainText('sni', 253)),
    insecureSkipVerify: optional(truth),
    caCrl: optional(path),
  }),
  ({ mode, clientCertificate, privateKey, credentialName }) =>
    mode === 'MUTUAL' &&
    credentialName === undefined &&
    (clientCertificate === undefined || privateKey === undefined)
      ? [
          {
            code: problemCodes.incomplete,
            message: 'MUTUAL needs a clientCertificate and a privateKey, or a credentialName.',
            path: [],
          },
        ]
      : [],
)

const parts = {
  loadBalancer: optional(loadBalancer),
  connectionPool: optional(
    struct<IstioConnectionPool>('connectionPool', { tcp: optional(tcp), http: optional(http) }),
  ),
  outlierDetection: optional(outlierDetection),
  tls: optional(tls),
} as const

type PortLevel = PortTrafficPolicy & { readonly port: { readonly number: number } }

const trafficPolicy: Codec<TrafficPolicy> = struct<TrafficPolicy>('trafficPolicy', {
  ...parts,
  portLevelSettings: optional(
    listOf(
      'portLevelSettings',
      struct<PortLevel>('settings', {
        ...parts,
        port: struct<PortLevel['port']>('port', { number: port }),
      }),
    ),
  ),
  tunnel: optional(json),
  proxyProtocol: optional(json),
  retryBudget: optional(json),
})

/** The spec of a DestinationRule; no subset twice. */
export const destinationRuleSpec: Codec<DestinationRuleSpec> = checked(
  struct<DestinationRuleSpec>('spec', {
    host,
    trafficPolicy: optional(trafficPolicy),
    subsets: optional(
      listOf(
        'subsets',
        struct<IstioSubset>('a subset', {
          name: subsetName,
          labels: optional(labels),
          trafficPolicy: optional(trafficPolicy),
        }),
      ),
    ),
    exportTo: optional(exportTo),
    workloadSelector: optional(workloadSelector),
  }),
  ({ subsets = [] }) =>
    duplicates(
      subsets,
      ({ name }) => name,
      'subset',
      (i) => ['subsets', i, 'name'],
    ),
)
