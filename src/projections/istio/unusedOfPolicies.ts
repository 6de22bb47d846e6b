import type { Diagnostic } from '../../model/diagnostic.ts'
import type { ClientTls, DestinationRuleSpec, PortTrafficPolicy } from '../../model/istio/destinationRule.ts'
import type { CompiledPort } from '../registry/compiledService.ts'
import { labelsOfCallers } from './localityShare.ts'
import { pathsOfPolicies } from './policiesOf.ts'
import { type Unused, unusedFields } from './unusedFields.ts'

/** A diagnostic for each field of a DestinationRule's policies that has no effect, whatever its value, because of
 *  another, or because none of the host's ports, where they are known, speaks what it is for. */
export const unusedOfPolicies = (
  spec: DestinationRuleSpec,
  ports: readonly CompiledPort[] | undefined,
): readonly Diagnostic[] => [
  ...unusedFields(spec, besideBudgets(spec)),
  ...pathsOfPolicies(spec).flatMap(([at, settings]) =>
    unusedFields(
      spec,
      [
        ...always,
        ...besideOthers(settings),
        ...ofLocalities(settings),
        ...ofTls(settings.tls),
        ...unspoken(settings, ports),
      ].map(([path, why]) => [`${at}/${path}`, why]),
    ),
  ),
  ...(spec.workloadSelector?.matchLabels === undefined
    ? []
    : unusedFields(spec, [['workloadSelector/labels', 'matchLabels goes before it.']])),
]

const always: readonly Unused[] = [
  [
    'loadBalancer/zoneAwareLbSetting',
    'Write localityLbSetting in its place: distribute shares requests out over zones, failover says which region comes next.',
  ],
]

const besideBudgets = ({ trafficPolicy, subsets = [] }: DestinationRuleSpec): readonly Unused[] =>
  [
    ['trafficPolicy', trafficPolicy] as const,
    ...subsets.map(({ trafficPolicy: policy }, i) => [`subsets/${i}/trafficPolicy`, policy] as const),
  ].flatMap(([path, policy]) =>
    (policy?.retryBudget ?? trafficPolicy?.retryBudget) === undefined
      ? []
      : [path, `${path}/portLevelSettings/*`].map(
          (at): Unused => [`${at}/connectionPool/http/maxRetries`, 'retryBudget goes before it.'],
        ),
  )

const besideOthers = ({
  loadBalancer,
  connectionPool,
  outlierDetection,
}: PortTrafficPolicy): readonly Unused[] => {
  const { simple, consistentHash: hash, backendUtilization } = loadBalancer ?? {}
  const { httpCookie } = hash ?? {}
  const inTurn = (hash ?? backendUtilization) === undefined && simple !== 'RANDOM' && simple !== 'PASSTHROUGH'
  return [
    ...['warmup', 'warmupDurationSecs'].flatMap((field) =>
      when(!inTurn, [`loadBalancer/${field}`, 'Only ROUND_ROBIN and LEAST_REQUEST warm up.']),
    ),
    ...when(httpCookie?.ttl === undefined, [
      'loadBalancer/consistentHash/httpCookie/attributes',
      'Only with a ttl does the proxy give callers the cookie.',
    ]),
    ...when(hash?.maglev !== undefined, ['loadBalancer/consistentHash/ringHash', 'maglev goes before it.']),
    ...when(hash?.maglev !== undefined || Boolean(hash?.ringHash?.minimumRingSize), [
      'loadBalancer/consistentHash/minimumRingSize',
      'ringHash and maglev go before it.',
    ]),
    ...when(connectionPool?.http?.useClientProtocol === true, [
      'connectionPool/http/h2UpgradePolicy',
      'useClientProtocol goes before it.',
    ]),
    ...when(outlierDetection?.consecutiveGatewayErrors !== undefined, [
      'outlierDetection/consecutiveErrors',
      'consecutiveGatewayErrors goes before it.',
    ]),
    ...when(outlierDetection?.splitExternalLocalOriginErrors !== true, [
      'outlierDetection/consecutiveLocalOriginFailures',
      'It counts with splitExternalLocalOriginErrors only.',
    ]),
  ]
}

const ofLocalities = ({ loadBalancer, outlierDetection }: PortTrafficPolicy): readonly Unused[] => {
  const setting = loadBalancer?.localityLbSetting
  if (setting === undefined) return []
  const at = 'loadBalancer/localityLbSetting'
  if (setting.enabled === false)
    return ['distribute', 'failover', 'failoverPriority'].map((field) => [
      `${at}/${field}`,
      'It is not enabled.',
    ])
  if (setting.distribute !== undefined && setting.distribute.length > 0)
    return when(loadBalancer?.backendUtilization !== undefined, [
      `${at}/distribute`,
      'backendUtilization goes before it.',
    ])
  return outlierDetection === undefined
    ? [[at, 'Without outlierDetection nobody knows when to fail over.']]
    : labelsOfCallers(setting).map(
        (i): Unused => [
          `${at}/failoverPriority/${i}`,
          'Of callers, regions, zones and subzones are compared only; say which value it is to be.',
        ],
      )
}

const unspoken = (
  { connectionPool }: PortTrafficPolicy,
  ports: readonly CompiledPort[] | undefined,
): readonly Unused[] => {
  if (ports === undefined) return []
  const { h2UpgradePolicy, useClientProtocol } = connectionPool?.http ?? {}
  const http2 = h2UpgradePolicy === 'UPGRADE' || useClientProtocol === true
  // What a port of HTTPS speaks is HTTP where the policy adds the TLS.
  if (ports.every(({ http, protocol }) => !http && protocol !== 'HTTPS'))
    return [
      'connectionPool/http',
      'outlierDetection/outlierDetectionHttpErrorCodes',
      'loadBalancer/backendUtilization',
      'retryBudget',
    ].map((path): Unused => [path, 'No port of the host speaks HTTP.'])
  return http2 || ports.some(({ protocol }) => protocol === 'HTTP2' || protocol === 'GRPC')
    ? []
    : ['maxConcurrentStreams', 'http2KeepAlive'].map(
        (field): Unused => [`connectionPool/http/${field}`, 'No port of the host speaks HTTP/2.'],
      )
}

const when = (holds: boolean, unused: Unused): readonly Unused[] => (holds ? [unused] : [])

const certificate = ['clientCertificate', 'privateKey']
const authorityFiles = ['caCertificates', 'caCrl']
const verifying = [...authorityFiles, 'subjectAltNames', 'caCertCredentialName']
const ofSecret = 'What the secret holds counts.'

const ofTls = (tls: ClientTls | undefined): readonly Unused[] => {
  if (tls === undefined) return []
  const all = (fields: readonly string[], why: string) => fields.map((field): Unused => [`tls/${field}`, why])
  switch (tls.mode) {
    case 'ISTIO_MUTUAL':
      return all(
        [...certificate, ...verifying, 'credentialName', 'sni', 'insecureSkipVerify'],
        'ISTIO_MUTUAL has certificates and names of the mesh.',
      )
    case 'SIMPLE':
    case 'MUTUAL':
      return [
        ...(tls.mode === 'SIMPLE' ? all(certificate, 'Only MUTUAL shows a certificate.') : []),
        ...(tls.mode === 'MUTUAL' && tls.credentialName !== undefined ? all(certificate, ofSecret) : []),
        ...(tls.insecureSkipVerify === true
          ? all(verifying, 'insecureSkipVerify verifies nothing.')
          : besideAuthorities(tls, all)),
        ...(tls.mode === 'SIMPLE' && tls.credentialName !== undefined && tls.insecureSkipVerify === true
          ? all(['credentialName'], 'Nothing is shown, and nothing verified.')
          : []),
      ]
    default:
      return all(
        [...certificate, ...verifying, 'credentialName', 'sni', 'insecureSkipVerify'],
        'Without TLS there is nothing that it would be for.',
      )
  }
}

const besideAuthorities = (
  { mode, credentialName, caCertCredentialName }: ClientTls,
  all: (fields: readonly string[], why: string) => readonly Unused[],
): readonly Unused[] => [
  ...((credentialName ?? caCertCredentialName) === undefined ? [] : all(authorityFiles, ofSecret)),
  ...(mode === 'SIMPLE' && credentialName !== undefined && caCertCredentialName !== undefined
    ? all(['credentialName'], 'caCertCredentialName verifies, and only MUTUAL shows a certificate.')
    : []),
]
