import type { Diagnostic } from '../model/diagnostic.ts'
import type { Resource } from '../model/resource.ts'
import type { CompiledService } from './compiledService.ts'
import { serviceHostname } from './hostnames.ts'
import { lostHosts } from './lostDomains.ts'
import type { Registry } from './registry.ts'

/** What of a Service has no effect: its hostname when another service has it, names that another service has a
 *  better claim to, mutual TLS of its ports. */
export const serviceDiagnostics = (
  service: Resource<'Service'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = service
  const key = `${metadata.namespace}/${metadata.name}`
  const hostname = serviceHostname(service, registry.settings().domain)
  const winner = registry.service(hostname)
  return [
    ...(winner === undefined || winner.key === key ? [] : [hostnameTaken(hostname, winner.key)]),
    ...(winner?.key === key ? lostNames(winner, registry) : []),
    ...spec.ports.flatMap(({ authPolicy }, i) =>
      authPolicy === 'enable' && spec.externalName !== undefined
        ? [mutualTlsMissing(`/spec/ports/${i}/authPolicy`)]
        : [],
    ),
  ]
}

/** Names, as seen from the service's own namespace, that requests to another service win. */
const lostNames = (service: CompiledService, registry: Registry): readonly Diagnostic[] => {
  const domain = `${service.namespace}.svc.${registry.settings().domain}`
  const variant = { domain, inScope: () => true }
  return service.ports
    .filter(({ http }) => http)
    .flatMap(({ port }) => lostHosts(service, port, variant, registry.claims).map((host) => ({ host, port })))
    .map(({ host, port }) => ({
      code: 'RUT2034',
      severity: 'warning',
      path: '/spec',
      message: `Requests to '${host}' on port ${port} go to another service, which has the better claim to that name.`,
    }))
}

// An error: whoever asks for encryption must not believe that there is some.
const mutualTlsMissing = (path: string): Diagnostic => ({
  code: 'RUT2030',
  severity: 'error',
  path,
  message:
    'Mutual TLS is not in force: a service with an externalName is outside of the mesh, where nobody shows a certificate of its authority.',
})

const hostnameTaken = (hostname: string, winner: string): Diagnostic => ({
  code: 'RUT2031',
  severity: 'warning',
  path: '/spec/hostname',
  message: `Service/${winner} has the hostname ${hostname} too and the smaller name: requests go there.`,
})
