import { byCodeUnit, nameOf } from '../model/resourceName.ts'
import type { CompiledService } from './compiledService.ts'
import type { ConnectionChain } from './connectionChain.ts'
import { xdsResource } from './encoded.ts'
import { ingressListenerJson } from './ingress/ingressListener.ts'
import { certificatesOf } from './ingress/serverNames.ts'
import { gatewayListenerJson } from './istio/gateway/gatewayListener.ts'
import { workloadSecrets } from './mutualTls/workloadSecrets.ts'
import { outboundHttpListenerJson, outboundTcpListenerJson } from './outboundListeners.ts'
import type { Registry } from './registry.ts'
import { routeTable } from './routeTable.ts'
import { secretReference } from './secretReference.ts'
import { withUndeclared } from './undeclared.ts'
import type { ViewMakers } from './view.ts'

/** What views make of many of their slices, as the registry's settings say; `endpoints` gives load assignments. */
export const createViewMakers = (
  registry: Pick<Registry, 'settings' | 'serviceNamed'>,
  endpoints: ViewMakers['endpoints'],
): ViewMakers => {
  return {
    endpoints,
    secret: (name) =>
      workloadSecrets(registry.settings().certificatesPath).get(name) ?? secretReference(name),
    routeTable: (view, table, parts) =>
      routeTable(table, withUndeclared([...parts], view.variant.mode, view.undeclaredOutbound)),
    httpListener: ({ variant: { place } }, port, owners) => {
      const { accessLog } = registry.settings()
      if (place !== undefined) {
        const json = ingressListenerJson({ port, place, accessLog, certificates: certificatesOf(owners) })
        return xdsResource('listeners', String(json['name']), json, [])
      }
      let smallest: CompiledService | undefined
      for (const key of owners.keys()) {
        const service = registry.serviceNamed(key)
        if (service !== undefined && (smallest === undefined || key < smallest.key)) smallest = service
      }
      const rule =
        smallest === undefined
          ? { kind: 'Service' as const, namespace: '', name: '' }
          : nameOf(smallest.stored.resource)
      const json = outboundHttpListenerJson({ port, accessLog, rule })
      return xdsResource('listeners', String(json['name']), json, [
        { ...rule, position: smallest?.stored.position ?? 0 },
      ])
    },
    tcpListener: ({ undeclaredOutbound, variant: { place } }, { address, port, claims }) => {
      const owners = [...claims.keys()].sort(byCodeUnit)
      const chains = owners.flatMap((owner) => claims.get(owner) ?? [])
      const { accessLog } = registry.settings()
      const rule = (chains[0] as ConnectionChain).rule
      const json =
        place === undefined
          ? outboundTcpListenerJson({ address, port, chains, undeclaredOutbound, accessLog, rule })
          : gatewayListenerJson({ address, port, place, chains, rule })
      const rules = [...new Set(chains.map((chain) => chain.rule))]
      return {
        ...xdsResource('listeners', String(json['name']), json, rules),
        clusters: [...new Set(chains.flatMap(({ clusters }) => clusters))],
      }
    },
  }
}
