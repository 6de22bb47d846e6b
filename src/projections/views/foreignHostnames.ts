import { allConnectionRules } from '../connections/connectionRules.ts'
import { destinationHostsOf } from '../istio/destinationHostsOf.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import { destinationsOf } from '../routes/httpRoute.ts'
import { serviceRoute } from '../routes/serviceRoutes.ts'

/** Other hostnames that rules to `service` lead to: its slices depend on them too. */
export const foreignHostnames = (service: CompiledService, registry: Registry): string[] => {
  const found = new Set<string>()
  const http = service.ports.filter((port) => port.http)
  for (const rule of registry.rulesTo(service.hostname))
    for (const port of http.slice(0, 1)) {
      const route = serviceRoute(rule, service, port, registry)
      if (route !== undefined) for (const { hostname } of destinationsOf(route)) found.add(hostname)
    }
  for (const port of service.ports.filter((port) => !port.http).slice(0, 1))
    for (const { destinations } of allConnectionRules(service, port, registry))
      for (const { hostname } of destinations) found.add(hostname)
  for (const { resource } of registry.istio.meshVirtualServices.taking(service.hostname))
    for (const hostname of destinationHostsOf(resource, registry, registry.settings().domain))
      found.add(hostname)
  found.delete(service.hostname)
  return [...found]
}
