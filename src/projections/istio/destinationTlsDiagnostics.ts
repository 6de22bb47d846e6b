import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import { certificateFileDiagnostics } from '../diagnostics/certificateFileDiagnostics.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import { clientSecretDiagnostics } from './clientSecretDiagnostics.ts'
import { clientTlsFiles } from './clientTlsFiles.ts'
import { destinationRulesOf } from './destinationRuleFor.ts'
import { hostPatterns } from './hostPatterns.ts'
import { type TlsPlace, tlsPlaces } from './tlsPlaces.ts'

/** What of a DestinationRule's TLS is not in force, does not go with what its host speaks, or is in files of no use. */
export const destinationTlsDiagnostics = (
  rule: Resource<'DestinationRule'>,
  hostname: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const places = tlsPlaces(rule.spec)
  if (places.length === 0) return []
  const services = servicesOf(rule, hostname, registry)
  return places.flatMap((place) => [
    ...notInForce(place, registry.service(hostname)?.external === true),
    ...clientSecretDiagnostics(rule, place, registry),
    ...notSpoken(place, services),
    ...clientTlsFiles(place.tls).flatMap(({ field, file }) =>
      certificateFileDiagnostics(file, `${place.path}/${field}`, registry),
    ),
  ])
}

/** Who asks for encryption must not believe that there is some. */
const notInForce = ({ path, tls }: TlsPlace, outside: boolean): readonly Diagnostic[] =>
  outside && tls.mode === 'ISTIO_MUTUAL'
    ? [
        {
          code: 'RUT2030',
          severity: 'error' as const,
          path: `${path}/mode`,
          message:
            'Mutual TLS is not in force: the host is outside of the mesh, where nobody shows a certificate of its authority. MUTUAL with a certificate of your own reaches it.',
        },
      ]
    : []

/** The first port of the mesh that speaks something else is told. */
const notSpoken = (place: TlsPlace, services: Iterable<CompiledService>): readonly Diagnostic[] => {
  for (const service of services)
    for (const port of service.ports) {
      const found = place.isFor(port.port) ? mismatch(place, service, port) : undefined
      if (found !== undefined) return [found]
    }
  return []
}

const mismatch = (
  { path, tls: { mode = 'DISABLE' } }: TlsPlace,
  { hostname, stored }: CompiledService,
  { port, http, mutualTls }: CompiledPort,
): Diagnostic | undefined => {
  const at = { code: 'RUT2109', path: `${path}/mode` }
  const where = `port ${port} of ${hostname}`
  if (mutualTls === true) {
    // MUTUAL may show files of the mesh's own authority.
    if (mode !== 'DISABLE' && mode !== 'SIMPLE') return undefined
    const message = `Mutual TLS is asked for at ${where}, and ${mode} shows no certificate: callers are refused. ISTIO_MUTUAL, or no tls, speaks it.`
    return { ...at, severity: 'error', message }
  }
  if (mode === 'ISTIO_MUTUAL') {
    const message = `Nobody ends mutual TLS at ${where}: connections fail. Let authPolicy of the mesh or the port ask for it.`
    return { ...at, severity: 'error', message }
  }
  // Of other ports the application may end TLS itself.
  if (mode === 'DISABLE' || !http || stored.resource.kind !== 'Service') return undefined
  const message = `Nothing says that TLS is spoken at ${where}: where a proxy is in front of it, ${mode} fails.`
  return { ...at, severity: 'warning', message }
}

/** Services within the mesh for which nothing of the same namespace goes before the rule. */
function* servicesOf(
  rule: Resource<'DestinationRule'>,
  host: string,
  registry: Registry,
): Generator<CompiledService> {
  const found = registry.service(host)
  const all = host.startsWith('*') ? registry.services() : found === undefined ? [] : [found]
  for (const service of all) {
    if (service.external || !hostPatterns(service.hostname).includes(host)) continue
    const first = destinationRulesOf(service.hostname, registry).find(
      ({ resource }) => resource.metadata.namespace === rule.metadata.namespace,
    )
    if (first !== undefined && keyOf(nameOf(first.resource)) === keyOf(nameOf(rule))) yield service
  }
}
