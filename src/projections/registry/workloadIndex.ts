import type { WorkloadEntrySpec } from '../../model/istio/workloadEntry.ts'
import type { Stored } from '../../model/mesh.ts'
import type { Resource } from '../../model/resource.ts'
import { byCodeUnit } from '../../model/resourceName.ts'
import { selectedEndpoint, workloadEndpoint } from '../istio/workloadEndpoint.ts'
import { createWorkloadSelection, type Workload } from '../istio/workloadSelection.ts'
import { accountOf, createIdentities } from '../mutualTls/identities.ts'
import { canBeEndpoint } from './canBeEndpoint.ts'
import type { CompiledPort, CompiledService } from './compiledService.ts'
import { type Endpoint, endpointOf } from './instanceEndpoints.ts'
import { multimap } from './multimap.ts'
import type { Registry, Served, Touched } from './registry.ts'

type Shift = 'add' | 'delete'

/** Which workloads are behind which services, and where. */
export type WorkloadIndex = {
  readonly endpointsOf: Registry['endpointsOf']
  readonly at: Registry['workloadsAt']
  readonly servedBy: Registry['servedBy']
  shift(workload: Workload, shift: Shift, touched: Touched): void
  /** The accounts that run what is behind a service (`ns/<namespace>/sa/<name>`), each once, sorted. */
  accountsOf(service: CompiledService): readonly string[]
  /** A service came or went. */
  shiftService(service: CompiledService, shift: Shift, touched: Touched): void
}

/** An index of nothing, of the services that `registry` has. */
export const createWorkloadIndex = (
  registry: Pick<Registry, 'service' | 'serviceNamed'> & {
    /** Whether callers may hold the workloads of a service to their accounts. */
    isVerified(service: CompiledService): boolean
  },
): WorkloadIndex => {
  const identities = createIdentities()
  const instancesByReference = multimap<Stored<'Instance'>>()
  const byIp = multimap<Workload>()
  const selection = createWorkloadSelection()

  const instancesOf = ({ key, hostname }: CompiledService): Iterable<Stored<'Instance'>> =>
    instancesByReference.has(hostname)
      ? new Set([...instancesByReference.get(key), ...instancesByReference.get(hostname)])
      : instancesByReference.get(key)

  const referredBy = (workload: Workload): readonly CompiledService[] =>
    referencesOf(workload).flatMap(
      (reference) => registry.serviceNamed(reference) ?? registry.service(reference) ?? [],
    )

  function* all(): Generator<Workload> {
    for (const ip of byIp.keys()) yield* byIp.get(ip)
  }

  const touchWorkloadsOf = (service: CompiledService, touched: Touched): void => {
    for (const { resource } of [...instancesOf(service), ...selection.workloadsOf(service)])
      touched.ips.add(resource.spec.address)
  }

  return {
    endpointsOf: (service, port) => {
      const found: Endpoint[] = []
      const take = (endpoint: Endpoint | undefined): void => {
        if (endpoint !== undefined && canBeEndpoint(endpoint.address, service.found)) found.push(endpoint)
      }
      for (const { resource } of instancesOf(service)) take(endpointOf(resource, port.name))
      for (const { resource } of selection.workloadsOf(service)) take(selectedEndpoint(resource, port))
      for (const entry of endpointsWithin(service)) take(workloadEndpoint(entry, port))
      return found
    },
    accountsOf: (service) =>
      [
        ...new Set([
          ...identities.of([service.key, service.hostname]),
          ...selection.workloadsOf(service).map(({ resource }) => accountOf(resource)),
          ...endpointsWithin(service).map((spec) => accountOf({ metadata: service, spec })),
        ]),
      ].sort(byCodeUnit),
    at: (ip) => byIp.get(ip),
    servedBy: (workload) => [
      ...referredBy(workload).map((service) =>
        served(service, ({ name }) => endpointOf(workload.resource as Resource<'Instance'>, name)),
      ),
      ...selection
        .servicesOf(workload)
        .map((service) => served(service, (port) => selectedEndpoint(workload.resource, port))),
    ],
    shift: (workload, shift, touched) => {
      const ip = workload.resource.spec.address
      byIp[shift](ip, workload)
      touched.ips.add(ip)
      for (const reference of referencesOf(workload)) {
        instancesByReference[shift](reference, workload as Stored<'Instance'>)
        const service = registry.serviceNamed(reference) ?? registry.service(reference)
        touched.endpoints.add(service?.hostname ?? reference)
        const isNew = identities.shift(reference, accountOf(workload.resource), shift)
        if (isNew && service !== undefined && registry.isVerified(service))
          touched.hostnames.add(service.hostname)
      }
      selection.shiftWorkload(workload, shift)
      for (const service of selection.servicesOf(workload)) {
        touched.endpoints.add(service.hostname)
        // What DNS is asked for, and who may answer, stands in the cluster itself.
        if (service.found.by === 'dns' || registry.isVerified(service))
          touched.hostnames.add(service.hostname)
      }
    },
    shiftService: (service, shift, touched) => {
      touchWorkloadsOf(service, touched)
      selection.shiftService(service, shift, all)
      touchWorkloadsOf(service, touched)
    },
  }
}

/** What an instance calls its services: `namespace/name` of its own namespace, or a hostname, which holds a dot. */
const referencesOf = ({ resource }: Workload): string[] => {
  if (resource.kind === 'WorkloadEntry') return []
  const { metadata, spec } = resource
  const names = typeof spec.service === 'string' ? [spec.service] : spec.service
  return names.flatMap((name) =>
    name.includes('.') ? [`${metadata.namespace}/${name}`, name] : [`${metadata.namespace}/${name}`],
  )
}

const endpointsWithin = ({ found }: CompiledService): readonly WorkloadEntrySpec[] =>
  found.by === 'caller' || found.by === 'askedName' ? [] : (found.endpoints ?? [])

const served = (service: CompiledService, at: (port: CompiledPort) => Endpoint | undefined): Served => ({
  service,
  endpoints: service.ports.flatMap((port) => {
    const endpoint = at(port)
    return endpoint === undefined ? [] : [{ port, endpoint }]
  }),
})
