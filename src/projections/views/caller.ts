import type { Stored } from '../../model/mesh.ts'
import type { MeshSettingsSpec } from '../../model/meshSettings.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../model/proxy.ts'
import { hasIpv6 } from '../../model/proxyIps.ts'
import type { Resource } from '../../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { SidecarSpec } from '../../model/sidecar.ts'
import { captureModeOf } from '../captureMode.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import { type Locality, localityOfZone, trimmed } from '../registry/locality.ts'
import type { Registry } from '../registry/registry.ts'
import { workloadsOf } from '../registry/workloadsOf.ts'
import { type Egress, egressOf } from './egressPlaces.ts'
import { proxyNamespace } from './proxyNamespace.ts'

/** Everything about a proxy that decides which outbound configuration it shares with others. */
export type Caller = {
  readonly namespace: string
  /** Suffix that short names are cut from. */
  readonly domain: string
  readonly labels: Readonly<Record<string, string>>
  readonly egress: Egress
  /** What becomes of connections that no service declares. */
  readonly undeclaredOutbound: UndeclaredOutbound
  /** That holds for it, of its own namespace or the root's. */
  readonly sidecar: Stored<'Sidecar'> | undefined
  /** Its machine has IPv6. */
  readonly ipv6: boolean
  /** Where it is, by the first of its workloads. */
  readonly locality: Locality
  /** Keys of the rules and policies with a source that is this proxy, and of conditions on its labels; sorted. */
  readonly sourceRules: readonly string[]
}

export type UndeclaredOutbound = Required<MeshSettingsSpec>['undeclaredOutbound']

type Proxy = Exclude<ProxyIdentity, { readonly type: 'bare' }>

/** What `proxy` is as a caller, by the instances at its ip and its own metadata (contract §3). */
export const callerOf = (proxy: Proxy, metadata: ProxyMetadata, registry: Registry): Caller => {
  const workloads = workloadsOf(proxy.ip, registry)
  const labels = Object.assign(
    Object.create(null) as Record<string, string>,
    ...workloads.map(({ resource }) => resource.spec.labels ?? {}),
    metadata.labels ?? {},
  )
  const namespace = proxyNamespace(proxy, registry.settings().domain, workloads[0]?.resource)
  const sourceRules = new Set<string>()
  for (const workload of workloads) {
    const own = { ...workload.resource.spec.labels, ...metadata.labels }
    for (const {
      service: { hostname },
    } of registry.servedBy(workload))
      for (const rule of registry.rulesFrom(hostname)) {
        const source = sourceOf(rule.resource)
        if (matchesLabels(own, source?.labels ?? {})) sourceRules.add(keyOf(nameOf(rule.resource)))
      }
  }
  for (const condition of registry.istio.conditionsMetBy(labels)) sourceRules.add(condition)
  const stored = sidecarFor(namespace, labels, registry)
  const sidecar = stored?.resource.spec
  return {
    namespace,
    domain: proxy.domain,
    labels,
    // What a Sidecar says of places is for sidecars.
    egress: egressOf(stored?.resource, namespace, {
      captured: captureModeOf(metadata, registry.settings()) === 'captured',
      atPlaces: proxy.type === 'sidecar',
    }),
    undeclaredOutbound: undeclaredFor(sidecar, registry),
    sidecar: stored,
    ipv6: hasIpv6(proxy, metadata),
    locality: localityOf(workloads[0]?.resource),
    sourceRules: [...sourceRules].sort(byCodeUnit),
  }
}

const localityOf = (workload: Resource<'Instance'> | Resource<'WorkloadEntry'> | undefined): Locality =>
  workload?.kind === 'WorkloadEntry'
    ? trimmed(workload.spec.locality ?? '')
    : localityOfZone(workload?.spec.zone)

/** The hostnames by which rules can mean `proxy` as their source. */
export const sourceHostnames = (proxy: Proxy, registry: Registry): string[] =>
  [...registry.workloadsAt(proxy.ip)].flatMap((workload) =>
    registry.servedBy(workload).map(({ service }) => service.hostname),
  )

const sourceOf = (resource: Resource<'RouteRule'> | Resource<'DestinationPolicy'>) =>
  resource.kind === 'RouteRule' ? resource.spec.match?.source : resource.spec.source

/** The first Sidecar by name whose selector takes the proxy, else its namespace's default, else that of all. */
const sidecarFor = (
  namespace: string,
  labels: Readonly<Record<string, string>>,
  registry: Registry,
): Stored<'Sidecar'> | undefined => {
  const sidecars = registry.sidecarsIn(namespace)
  const selected = sidecars.find(({ resource: { spec } }) => {
    const wanted = spec.workloadSelector?.labels
    return wanted !== undefined && Object.keys(wanted).length > 0 && matchesLabels(labels, wanted)
  })
  return selected ?? defaultOf(sidecars) ?? defaultOf(registry.sidecarsIn(registry.settings().rootNamespace))
}

const defaultOf = (sidecars: readonly Stored<'Sidecar'>[]): Stored<'Sidecar'> | undefined =>
  sidecars.find(({ resource: { spec } }) => isDefault(spec.workloadSelector?.labels))

const undeclaredFor = (sidecar: SidecarSpec | undefined, registry: Registry): UndeclaredOutbound => {
  const policy = sidecar?.outboundTrafficPolicy
  if (policy === undefined) return registry.settings().undeclaredOutbound
  return policy.mode === 'ALLOW_ANY' ? 'passthrough' : 'refuse'
}

const isDefault = (labels: Readonly<Record<string, string>> | undefined): boolean =>
  labels === undefined || Object.keys(labels).length === 0
