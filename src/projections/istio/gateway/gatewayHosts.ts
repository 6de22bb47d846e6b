import type { Stored } from '../../../model/mesh.ts'
import type { Registry } from '../../registry/registry.ts'
import { bothHosts, serverHosts } from './serverHosts.ts'

/** The hosts for which `rule` may have something at the Gateways of these keys. */
export const hostsAtGateways = (
  rule: Stored<'VirtualService'>,
  gateways: readonly string[],
  registry: Registry,
): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const key of gateways)
    for (const { host } of hostsOfGateway(key, registry))
      for (const own of registry.istio.hostsOf(rule)) {
        const both = bothHosts(host, own)
        if (both !== undefined) found.add(both)
      }
  return found
}

/** Every host for which there may be something at the Gateways of these keys: of their servers, which may send what
 *  comes to TLS, and of the rules bound to them. */
export const allHostsAtGateways = (gateways: readonly string[], registry: Registry): ReadonlySet<string> =>
  new Set(
    gateways.flatMap((key) => [
      ...hostsOfGateway(key, registry).map(({ host }) => host),
      ...registry.istio.gatewayRules(key).flatMap((rule) => [...hostsAtGateways(rule, gateways, registry)]),
    ]),
  )

const hostsOfGateway = (key: string, registry: Registry) => {
  const gateway = registry.istio.gateway(key)?.resource
  return (gateway?.spec.servers ?? []).flatMap((server) =>
    serverHosts(server, gateway?.metadata.namespace ?? ''),
  )
}
