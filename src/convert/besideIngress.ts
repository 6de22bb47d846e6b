import type { Resource } from '../model/resource.ts'
import type { Beside } from './gatewaysOfIngressRules.ts'
import { fullHost, hostOf } from './ruleHost.ts'

/** What `resources` tell of destinations of IngressRules. */
export const besideIngress = (resources: readonly Resource[], domain: string): Beside => {
  const ports = new Map<string, Resource<'Service'>['spec']['ports']>()
  const ruled = new Set<string>()
  for (const resource of resources) {
    const { namespace, name } = resource.metadata
    if (resource.kind === 'Service')
      ports.set(resource.spec.hostname ?? fullHost(name, namespace, domain), resource.spec.ports)
    else if (resource.kind === 'RouteRule') ruled.add(hostOf(resource.spec.destination, namespace, domain))
    else if (resource.kind === 'VirtualService' && (resource.spec.gateways ?? ['mesh']).includes('mesh'))
      for (const host of resource.spec.hosts ?? []) ruled.add(fullHost(host, namespace, domain))
  }
  return { portsOf: (host) => ports.get(host), hasRules: (host) => ruled.has(host), domain }
}
