import type {
  ClientTls,
  DestinationRuleSpec,
  IstioConnectionPool,
  IstioLoadBalancer,
  IstioSubset,
  PortTrafficPolicy,
  TrafficPolicy,
} from '../../../model/istio/destinationRule.ts'
import { ipVersion } from '../../ipAddress.ts'
import { problemCodes } from '../../problemCode.ts'
import { choice } from '../../shapes/choice.ts'
import { type Codec, checked } from '../../shapes/codec.ts'
import { duplicates } from '../../shapes/duplicates.ts'
import { json } from '../../shapes/json.ts'
import { listOf } from '../../shapes/listOf.ts'
import { labels } from '../../shapes/names.ts'
import { duration, port } from '../../shapes/network.ts'
import { numberWithin, truth, wholeNumber } from '../../shapes/number.ts'
import { optional, struct } from '../../shapes/struct.ts'
import { plainText, text } from '../../shapes/text.ts'
import { backendUtilization } from './backendUtilization.ts'
import { consistentHash } from './consistentHash.ts'
import { subsetName } from './destination.ts'
import { localityLbSetting } from './localityLbSetting.ts'
import { outlierDetection } from './outlierDetection.ts'
import { exportTo, host, workloadSelector } from './selectors.ts'

const count = (name: string): Codec<number> => wholeNumber(name, 0, 2 ** 31 - 1)

type Warmup = NonNullable<IstioLoadBalancer['warmup']>
type Tcp = NonNullable<IstioConnectionPool['tcp']>
type Http = NonNullable<IstioConnectionPool['http']>

const exclusive = [
  ['simple', 'consistentHash', 'backendUtilization'],
  ['warmup', 'warmupDurationSecs'],
  ['localityLbSetting', 'zoneAwareLbSetting'],
] as const

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
    localityLbSetting: optional(localityLbSetting),
    warmupDurationSecs: optional(duration('warmupDurationSecs')),
    warmup: optional(
      struct<Warmup>('warmup', {
        duration: duration('duration'),
        minimumPercent: optional(numberWithin('minimumPercent', 0, 100)),
        aggression: optional(numberWithin('aggression', 0, 1_000_000)),
      }),
    ),
    backendUtilization: optional(backendUtilization),
    zoneAwareLbSetting: optional(json),
  }),
  (found) =>
    exclusive.flatMap((keys) => {
      const [, ...more] = keys.filter((key) => found[key] !== undefined)
      return more.map((key) => ({
        code: problemCodes.excluded,
        message: `${keys.join(', ')} exclude each other.`,
        path: [key],
      }))
    }),
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
  http2KeepAlive: optional(
    // Envoy's own bound is 1 ms (KeepaliveSettings of core.v3).
    struct<NonNullable<Http['http2KeepAlive']>>('http2KeepAlive', {
      interval: duration('interval'),
      timeout: duration('timeout'),
    }),
  ),
})

const path = plainText('path', 4096)

const tls: Codec<ClientTls> = checked(
  struct<ClientTls>('tls', {
    mode: optional(choice('mode', ['DISABLE', 'SIMPLE', 'MUTUAL', 'ISTIO_MUTUAL'])),
    clientCertificate: optional(path),
    privateKey: optional(path),
    caCertificates: optional(path),
    credentialName: optional(plainText('credentialName', 253)),
    caCertCredentialName: optional(plainText('caCertCredentialName', 253)),
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

/** Limits of connections and requests. */
export const connectionPool: Codec<IstioConnectionPool> = struct<IstioConnectionPool>('connectionPool', {
  tcp: optional(tcp),
  http: optional(http),
})

const parts = {
  loadBalancer: optional(loadBalancer),
  connectionPool: optional(connectionPool),
  outlierDetection: optional(outlierDetection),
  tls: optional(tls),
} as const

// Envoy would read `%` in it as the beginning of a variable (TunnelingConfig of tcp_proxy.v3).
const tunnelTarget = text(
  'targetHost',
  problemCodes.badHostname,
  'a DNS name or an IP address',
  (value) => ipVersion(value) !== undefined || (value.length <= 253 && /^[A-Za-z0-9_.-]+$/.test(value)),
)

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
  tunnel: optional(
    struct<NonNullable<TrafficPolicy['tunnel']>>('tunnel', {
      protocol: optional(choice('protocol', ['CONNECT', 'POST'])),
      targetHost: tunnelTarget,
      targetPort: port,
    }),
  ),
  proxyProtocol: optional(
    struct<NonNullable<TrafficPolicy['proxyProtocol']>>('proxyProtocol', {
      version: optional(choice('version', ['V1', 'V2'])),
    }),
  ),
  retryBudget: optional(
    struct<NonNullable<TrafficPolicy['retryBudget']>>('retryBudget', {
      percent: optional(numberWithin('percent', 0, 100)),
      minRetryConcurrency: optional(count('minRetryConcurrency')),
      budgetInterval: optional(duration('budgetInterval', 0)),
    }),
  ),
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
