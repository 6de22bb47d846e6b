import type { WorkloadEntrySpec } from '../../model/istio/workloadEntry.ts'
import type { Resource } from '../../model/resource.ts'
import type { CompiledPort } from '../registry/compiledService.ts'
import { type Endpoint, endpointOf } from '../registry/instanceEndpoints.ts'
import { localityOfZone, trimmed } from '../registry/locality.ts'

/** The endpoint that `entry` is for a port of its service: at the port that it names, else at the service's
 *  `targetPort`, else at the service's own. The application is at the same port. */
export const workloadEndpoint = (entry: WorkloadEntrySpec, port: CompiledPort): Endpoint => {
  const { ports = {}, address, labels = {}, locality = '', serviceAccount } = entry
  const named = Object.hasOwn(ports, port.name) ? ports[port.name] : undefined
  const number = named ?? port.targetPort ?? port.port
  return {
    address,
    port: number,
    app: { host: '127.0.0.1', port: number },
    // Zero says nothing in Istio's API.
    weight: entry.weight || 1,
    locality: trimmed(locality),
    labels,
    serviceAccount,
  }
}

/** The same of a workload that a service selects by its labels. */
export const selectedEndpoint = (
  workload: Resource<'Instance'> | Resource<'WorkloadEntry'>,
  port: CompiledPort,
): Endpoint => {
  if (workload.kind === 'WorkloadEntry') return workloadEndpoint(workload.spec, port)
  const { address, labels, weight, zone, serviceAccount } = workload.spec
  return (
    endpointOf(workload, port.name) ??
    workloadEndpoint(
      {
        address,
        ...(labels && { labels }),
        ...(weight !== undefined && { weight }),
        locality: localityOfZone(zone),
        ...(serviceAccount !== undefined && { serviceAccount }),
      },
      port,
    )
  )
}
