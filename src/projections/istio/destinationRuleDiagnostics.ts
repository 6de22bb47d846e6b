import { isLeft } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { sameJson } from '../../model/sameJson.ts'
import { typeUrlOf } from '../../model/xds.ts'
import { beyondLimits } from '../beyondLimits.ts'
import { outboundClusterJson } from '../clusters.ts'
import { tryEncoded } from '../encoded.ts'
import { referenceDiagnostics, unknownService } from '../referenceDiagnostics.ts'
import type { Registry } from '../registry.ts'
import { compileTrafficPolicy, policyAt } from './compileTrafficPolicy.ts'
import { resolveHost } from './hostPatterns.ts'
import { selectedLabels } from './labelConditionsOf.ts'
import { type Unused, unusedFields } from './unusedFields.ts'

/** All that keeps a DestinationRule, or a part of it, from having an effect. */
export const destinationRuleDiagnostics = (
  rule: Resource<'DestinationRule'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = rule
  const hostname = resolveHost(spec.host, metadata.namespace, registry.settings().domain)
  const service = registry.service(hostname)
  return [
    ...(service === undefined && !hostname.startsWith('*') ? [unknownService(hostname, '/spec/host')] : []),
    ...(service === undefined
      ? []
      : (spec.subsets ?? []).flatMap(({ labels = {} }, i) => {
          const path = `/spec/subsets/${i}/labels`
          return referenceDiagnostics({ hostname, labels, path, labelsPath: path }, registry)
        })),
    ...hidden(rule, hostname, registry),
    ...unusedFields(spec, unused),
    ...tlsNotInForce(rule, service?.external === true),
    ...unencodable(rule, hostname, registry),
  ]
}

const policies = ['trafficPolicy', 'subsets/*/trafficPolicy']
const settings = policies.flatMap((path) => [path, `${path}/portLevelSettings/*`])

const unused: readonly Unused[] = [
  ...policies.flatMap((path): Unused[] => [
    [`${path}/tunnel`, 'Connections go to their endpoint directly.'],
    [`${path}/proxyProtocol`, 'The PROXY protocol is not spoken to services.'],
    [`${path}/retryBudget`, 'Retries are limited by connectionPool.http.maxRetries.'],
  ]),
  ...settings.flatMap((path): Unused[] => [
    [`${path}/loadBalancer/localityLbSetting`, 'Endpoints are used whatever their locality.'],
    [`${path}/loadBalancer/warmup`, 'Only warmupDurationSecs is read.'],
    [`${path}/connectionPool/tcp/idleTimeout`, 'Idle connections stay as long as both sides keep them.'],
  ]),
]

/** Who asks for encryption must not believe that there is some. */
const tlsNotInForce = ({ spec }: Resource<'DestinationRule'>, outside: boolean): readonly Diagnostic[] => [
  ...(outside ? settings : [])
    .flatMap((path) =>
      unusedFields(spec, [[`${path}/tls/mode`, '']]).filter(
        ({ path: at = '' }) => valueAt(spec, at) === 'ISTIO_MUTUAL',
      ),
    )
    .map(
      ({ path = '' }): Diagnostic => ({
        code: 'RUT2030',
        severity: 'error',
        path,
        message:
          'Mutual TLS is not in force: the host is outside of the mesh, where nobody shows a certificate of its authority. MUTUAL with files of your own reaches it.',
      }),
    ),
  ...settings
    .flatMap((path) => unusedFields(spec, [[`${path}/tls/credentialName`, '']]))
    .map(
      ({ path = '' }): Diagnostic => ({
        code: 'RUT2101',
        severity: 'error',
        path,
        message:
          'credentialName has no effect on connections to services: no certificate is shown, and the mesh’s trustedCaPath verifies. Name files.',
      }),
    ),
]

const valueAt = (spec: object, pointer: string): unknown =>
  pointer
    .split('/')
    .slice(2)
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], spec)

const unencodable = (
  { spec, metadata }: Resource<'DestinationRule'>,
  hostname: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const rule = { kind: 'DestinationRule', namespace: metadata.namespace, name: metadata.name } as const
  const plain = { hostname, port: 80, protocol: 'HTTP', connectTimeoutMs: 1000, rule } as const
  return [undefined, ...(spec.subsets ?? [])].flatMap((subset, i) => {
    const policy = compileTrafficPolicy(
      policyAt(spec.trafficPolicy, subset?.trafficPolicy, 0),
      registry.settings(),
      [],
    )
    const message = tryEncoded(
      typeUrlOf.clusters,
      outboundClusterJson({ ...plain, subset: subset?.name ?? '', policy }),
    )
    return isLeft(message)
      ? [beyondLimits(subset === undefined ? '/spec/trafficPolicy' : `/spec/subsets/${i - 1}`, message.left)]
      : []
  })
}

// Rules of one host come by key, and of one namespace the first holds.
const hidden = (
  rule: Resource<'DestinationRule'>,
  hostname: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const key = keyOf(nameOf(rule))
  for (const { resource: other } of registry.istio.destinationRules(hostname)) {
    if (keyOf(nameOf(other)) === key) return []
    if (other.metadata.namespace !== rule.metadata.namespace) continue
    if (!sameJson(selectedLabels(other) ?? {}, selectedLabels(rule) ?? {})) continue
    return [
      {
        code: 'RUT2006',
        severity: 'warning',
        path: '/spec/host',
        message: `${keyOf(nameOf(other))} has the same host and the smaller name: it holds, and this rule has no effect. Put all subsets of a host into one rule.`,
      },
    ]
  }
  return []
}
