import type { ResourceName } from '../../model/resource.ts'
import { byCodeUnit } from '../../model/resourceName.ts'
import type { XdsResource } from '../../model/xds.ts'
import { anyAddress } from '../anyAddress.ts'
import { outboundListenerJson } from '../connections/outboundListener.ts'
import { xdsResource } from '../encoded.ts'
import { ingressChains, ingressListenerJson } from '../ingress/ingressListener.ts'
import { certificatesOf } from '../ingress/serverNames.ts'
import { gatewayListenerJson } from '../istio/gateway/gatewayListener.ts'
import { workloadSecrets } from '../mutualTls/workloadSecrets.ts'
import { type Provenance, provenanceOf } from '../provenance.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import { routeTable } from '../routes/routeTable.ts'
import { withUndeclared } from '../routes/undeclared.ts'
import { secretReference } from './secretReference.ts'
import type { ClusterPart } from './slice.ts'
import type { ViewMakers } from './view.ts'

/** What makes the resources of views that are not in any one slice. */
export const createViewMakers = (
  registry: Registry,
  endpoints: (cluster: ClusterPart) => XdsResource,
): ViewMakers => ({
  endpoints,
  secret: (name) => workloadSecrets(registry.settings().certificatesPath).get(name) ?? secretReference(name),
  routeTable: (view, table, parts) => {
    // What comes to a place that the proxy has bound was going nowhere else.
    const mode = view.places.get(table)?.bound === true ? 'none' : view.variant.mode
    return routeTable(table, withUndeclared([...parts], mode, view.undeclaredOutbound))
  },
  listener: ({ variant: { place, mode }, undeclaredOutbound, ipv6 }, name, requests, tcp) => {
    const { accessLog } = registry.settings()
    const port = tcp?.port ?? Number(name.slice(name.lastIndexOf('_') + 1))
    const address = tcp?.address ?? anyAddress
    const chains = [...(tcp?.claims ?? [])].sort(([a], [b]) => byCodeUnit(a, b)).flatMap(([, its]) => its)
    const rules = [...new Set(chains.map((chain) => chain.rule))]
    const [first] = rules
    if (place !== undefined && first !== undefined) {
      const certificates = certificatesOf(requests?.owners ?? new Map())
      const beside = ingressChains({ port, accessLog, certificates }, first)
      const json = gatewayListenerJson({ address, port, place, chains: [...chains, ...beside], rule: first })
      const clusters = [...new Set(chains.flatMap((chain) => chain.clusters))]
      return { ...xdsResource('listeners', name, json, rules), clusters }
    }
    if (place !== undefined) {
      const certificates = certificatesOf(requests?.owners ?? new Map())
      const json = ingressListenerJson({ port, place, accessLog, certificates })
      return xdsResource('listeners', name, json, [])
    }
    const rule = smallestOf(requests?.owners.keys() ?? tcp?.claims.keys() ?? [], registry)
    const captured = mode === 'captured'
    const { json, clusters } = outboundListenerJson({
      address,
      port,
      rule,
      http: requests !== undefined,
      byAuthority: (requests?.byAuthority.size ?? 0) > 0,
      chains,
      come: captured ? 'captured' : 'fromElsewhere',
      ipv6,
      undeclaredOutbound,
      accessLog,
    })
    return { ...xdsResource('listeners', name, json, [rule, ...rules]), clusters }
  },
  placeListener: ({ variant, undeclaredOutbound }, name, { address, port, bound, claims }) => {
    const all = [...claims].sort(([a], [b]) => byCodeUnit(a, b)).flatMap(([, its]) => its)
    const rule = ruleOf(variant.apart?.rule, registry)
    const chains = all.flatMap((claim) => claim.chains)
    const { json, clusters } = outboundListenerJson({
      name,
      address,
      port,
      rule,
      http: all.some(({ byAuthority }) => byAuthority !== undefined),
      byAuthority: all.some(({ byAuthority }) => byAuthority === true),
      chains,
      come: bound ? 'fromWorkload' : 'captured',
      undeclaredOutbound,
      accessLog: registry.settings().accessLog,
    })
    const rules = [rule, ...new Set(chains.map((chain) => chain.rule))]
    return { ...xdsResource('listeners', name, json, rules), clusters }
  },
})

const ruleOf = (
  { kind, namespace, name }: ResourceName = { kind: 'Sidecar', namespace: '', name: '' },
  registry: Registry,
): Provenance => {
  const stored = registry.sidecarsIn(namespace).find(({ resource }) => resource.metadata.name === name)
  return stored === undefined ? { kind, namespace, name, position: 0 } : provenanceOf(stored)
}

// Should all have gone at once, their listener goes with them.
const smallestOf = (owners: Iterable<string>, registry: Registry): Provenance => {
  let smallest: CompiledService | undefined
  for (const key of owners) {
    const service = registry.serviceNamed(key)
    if (service !== undefined && (smallest === undefined || key < smallest.key)) smallest = service
  }
  return smallest === undefined
    ? { kind: 'Service', namespace: '', name: '', position: 0 }
    : provenanceOf(smallest.stored)
}
