import { ingressHost } from '../../model/ingressHost.ts'
import type { GatewayViews } from '../istio/gateway/gatewayViews.ts'
import type { Registry, Touched } from '../registry/registry.ts'
import type { Changes } from '../views/changes.ts'
import type { Slice } from '../views/slice.ts'
import type { View } from '../views/view.ts'
import { buildIngressSlice } from './ingressSlice.ts'
import { ingressTarget } from './ingressTarget.ts'

/** The views of ingress proxies, and what keeps them up with the registry: a slice for each host of rules. */
export type IngressViews = {
  enter(view: View, changes: Changes): void
  leave(view: View): void
  /** `hostnames`: whose services, or rules for connections to them, changed; `atGateways`: of which views slices of
   *  Gateways were made anew, by host or all. */
  advance(
    touched: Touched,
    hostnames: ReadonlySet<string>,
    atGateways: ReturnType<GatewayViews['advance']>,
    changesOf: (view: View) => Changes,
  ): void
}

/** No views. `put` puts a slice into a view, under a name that no hostname has; `lead` is told the hostnames of services that
 *  rules lead to. */
export const createIngressViews = (
  registry: Registry,
  gateways: Pick<GatewayViews, 'take'>,
  put: (view: View, name: string, slice: Slice | undefined, changes: Changes) => void,
  lead: (hostname: string) => void,
): IngressViews => {
  const views = new Set<View>()

  const refresh = (view: View, host: string, changes: Changes): void => {
    for (const { resource } of registry.ingressRulesAt(host)) {
      const { service } = ingressTarget(resource, registry)
      if (service !== undefined) lead(service.hostname)
    }
    const slice = buildIngressSlice(host, view.variant, registry, (place) => gateways.take(view, place))
    // No hostname has a slash: hosts of an ingress and services of the mesh may have one name.
    put(view, `ingress/${host}`, slice, changes)
  }

  const hostsTouched = (touched: Touched, hostnames: ReadonlySet<string>): Set<string> => {
    const all = new Set(touched.ingressHosts)
    for (const hostname of hostnames)
      for (const { resource } of registry.ingressRulesTo(hostname)) all.add(ingressHost(resource.spec).host)
    return all
  }

  return {
    enter: (view, changes) => {
      views.add(view)
      for (const host of registry.ingressHosts()) refresh(view, host, changes)
    },
    leave: (view) => views.delete(view),
    advance: (touched, hostnames, atGateways, changesOf) => {
      if (views.size === 0) return
      const hosts = hostsTouched(touched, hostnames)
      for (const view of views) {
        // What Gateways have taken is gone from their slices by now, and what they leave is free.
        const anew = atGateways.get(view) ?? []
        const its = new Set([...hosts, ...(anew === 'all' ? registry.ingressHosts() : anew)])
        for (const host of its) refresh(view, host, changesOf(view))
      }
    },
  }
}
