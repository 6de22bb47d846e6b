import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import { inboundDiagnostics } from './inboundDiagnostics.ts'
import { unknownService } from './referenceDiagnostics.ts'

/** What of an Instance has no effect: services that there are none of or that DNS finds, ports that none of its
 *  services has; and what becomes of a port that more than one claims. */
export const instanceDiagnostics = (
  instance: Resource<'Instance'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = instance
  const names = (typeof spec.service === 'string' ? [spec.service] : spec.service).map((name, i) => ({
    name,
    path: typeof spec.service === 'string' ? '/spec/service' : `/spec/service/${i}`,
    service: registry.serviceNamed(`${metadata.namespace}/${name}`) ?? registry.service(name),
  }))
  const services = names.flatMap(({ service }) => service ?? [])
  return [
    ...names.flatMap(({ name, path, service }) =>
      service === undefined ? [unknownService(name, path)] : byDns(service, path),
    ),
    ...(services.length === 0 ? [] : portsOfNone(spec.ports, services)),
    ...inboundDiagnostics(instance, registry),
  ]
}

const byDns = ({ hostname, found }: CompiledService, path: string): readonly Diagnostic[] =>
  found.by !== 'dns'
    ? []
    : [
        {
          code: 'RUT2033',
          severity: 'warning',
          path,
          message: `${hostname} is found by DNS, as ${found.name}: no request to it comes to this instance.`,
        },
      ]

const portsOfNone = (
  ports: Resource<'Instance'>['spec']['ports'],
  services: readonly CompiledService[],
): readonly Diagnostic[] => {
  const names = new Set(services.flatMap((service) => service.ports.map(({ name }) => name)))
  return Object.keys(ports)
    .filter((name) => !names.has(name))
    .map((name) => ({
      code: 'RUT2032',
      severity: 'warning',
      path: `/spec/ports/${name}`,
      message: `None of its services has a port named '${name}'. They have: ${[...names].join(', ')}.`,
    }))
}
