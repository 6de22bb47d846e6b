import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { sharedConnections } from '../connections/sharedConnections.ts'
import { serviceHostname } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import { capturePortDiagnostics } from './capturePortDiagnostics.ts'
import { lostNames } from './lostNames.ts'

/** What of a Service has no effect: its hostname when another service has it, names that another service has a
 *  better claim to, ports at which connections are captured, mutual TLS. */
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
    ...(winner?.key === key
      ? [
          ...lostNames(winner, '/spec', registry),
          ...sharedConnections(winner, registry),
          ...capturePortDiagnostics(winner, (i) => `/spec/ports/${i}/port`, registry),
        ]
      : []),
    ...spec.ports.flatMap(({ authPolicy }, i) =>
      authPolicy === 'enable' && spec.externalName !== undefined
        ? [mutualTlsMissing(`/spec/ports/${i}/authPolicy`)]
        : [],
    ),
  ]
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
