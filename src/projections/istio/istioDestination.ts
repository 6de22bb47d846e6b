import type { IstioDestination } from '../../model/istio/virtualService.ts'
import { outboundCluster } from '../clusters/clusterName.ts'
import type { Registry } from '../registry/registry.ts'
import type { Destination } from '../routes/httpRoute.ts'
import { resolveHost } from './hostPatterns.ts'

/** The destination that a rule of `namespace` means: at the port that it names, else at the service's only one, else
 *  at the one that was asked for. */
export const istioDestination = (
  { host, subset, port }: IstioDestination,
  namespace: string,
  askedPort: number,
  registry: Pick<Registry, 'service' | 'settings'>,
): Destination => {
  const hostname = resolveHost(host, namespace, registry.settings().domain)
  const [only, ...more] = registry.service(hostname)?.ports ?? []
  const chosen = port?.number ?? (only !== undefined && more.length === 0 ? only.port : askedPort)
  return {
    hostname,
    port: chosen,
    labels: {},
    ...(subset && { subset }),
    cluster: outboundCluster(chosen, subset ?? '', hostname),
  }
}
