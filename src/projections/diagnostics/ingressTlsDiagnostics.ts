import type { Diagnostic } from '../../model/diagnostic.ts'
import type { ServerTls } from '../../model/istio/serverTls.ts'
import type { Resource } from '../../model/resource.ts'
import type { SidecarIngress } from '../../model/sidecar.ts'
import { endedTlsDiagnostics } from '../istio/gateway/endedTlsDiagnostics.ts'
import { serverTls } from '../istio/gateway/serverTls.ts'
import { ingressTls } from '../listeners/ingressTls.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import type { Registry } from '../registry/registry.ts'

/** All that keeps the TLS of the ingress `one`, the `i`th of `sidecar`, or a part of it, from having an effect. */
export const ingressTlsDiagnostics = (
  sidecar: Resource<'Sidecar'>,
  one: SidecarIngress,
  i: number,
  registry: Registry,
): readonly Diagnostic[] => {
  const path = `/spec/ingress/${i}/tls`
  const { tls } = one
  if (tls === undefined) return []
  const ended = ingressTls(one)
  if (ended === undefined)
    return [
      withoutEffect(
        tls.mode === undefined ? path : `${path}/mode`,
        'An ingress ends TLS with mode SIMPLE, MUTUAL or OPTIONAL_MUTUAL; mutual TLS of the mesh is what services ask for.',
      ),
    ]
  const service = underMutualTls(sidecar, one, registry)
  if (service !== undefined)
    return [
      withoutEffect(
        path,
        `${service.hostname} asks for mutual TLS on port ${one.port.number}, which takes workloads of the mesh alone.`,
      ),
    ]
  return [
    ...(serverTls(ended, { namespace: '', http: true }) === undefined ? [notOpened(path)] : []),
    ...unused.flatMap(([field, why]) =>
      tls[field] === undefined || tls[field] === false ? [] : [withoutEffect(`${path}/${field}`, why)],
    ),
    ...endedTlsDiagnostics(ended, path, registry),
  ]
}

const inFiles = 'An ingress of a Sidecar has its certificates in files.'
const unused: readonly (readonly [keyof ServerTls, string])[] = [
  ['credentialName', inFiles],
  ['credentialNames', inFiles],
  ['caCertCredentialName', inFiles],
  ['httpsRedirect', 'Plain HTTP alone is sent to TLS.'],
]

const notOpened = (path: string): Diagnostic => ({
  code: 'RUT2125',
  severity: 'error',
  path,
  message:
    'Its files do not say which certificate is shown, or whose certificates callers may show, so the port is not served. Give serverCertificate and privateKey, or tlsCertificates, and for MUTUAL caCertificates.',
})

const withoutEffect = (path: string, why: string): Diagnostic => ({
  code: 'RUT2011',
  severity: 'warning',
  path,
  message: `It has no effect. ${why}`,
})

/** A service that takes mutual TLS alone at the port, on a workload that the Sidecar may be for. */
const underMutualTls = (
  { metadata: { namespace }, spec: { workloadSelector } }: Resource<'Sidecar'>,
  { port: { number } }: SidecarIngress,
  registry: Registry,
): CompiledService | undefined => {
  const isRoot = namespace === registry.settings().rootNamespace
  for (const service of isRoot ? registry.services() : registry.servicesIn(namespace))
    for (const port of service.ports)
      if (
        port.mutualTls === true &&
        registry
          .endpointsOf(service, port)
          .some((one) => one.port === number && matchesLabels(one.labels, workloadSelector?.labels ?? {}))
      )
        return service
  return undefined
}
