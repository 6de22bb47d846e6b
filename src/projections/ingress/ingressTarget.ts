import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { resolveDestination } from '../registry/hostnames.ts'
import type { Registry } from '../registry/registry.ts'
import type { IngressEntry } from './ingressEntry.ts'

/** Where an IngressRule leads. `service` is absent where there is none of that hostname, `port` where the service has
 *  none that the rule can mean. */
export type IngressTarget = {
  readonly hostname: string
  readonly service?: CompiledService
  readonly port?: CompiledPort
}

/** The service that `rule` leads to and its port: by name or number, else the first that is routed by request, as the
 *  port must be in any case. */
export const ingressTarget = (
  { spec, metadata }: IngressEntry['resource'],
  registry: Pick<Registry, 'service' | 'settings'>,
): IngressTarget => {
  const hostname = resolveDestination(spec.destination, metadata.namespace, registry.settings().domain)
  const service = registry.service(hostname)
  if (service === undefined) return { hostname }
  const port = service.ports.find(
    (one) =>
      one.http &&
      (spec.destinationPort === undefined || one.port === spec.destinationPort) &&
      (spec.destinationPortName === undefined || one.name === spec.destinationPortName),
  )
  return port === undefined ? { hostname, service } : { hostname, service, port }
}
