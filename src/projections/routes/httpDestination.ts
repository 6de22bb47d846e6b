import type { ServicePort } from '../../model/service.ts'
import { outboundCluster, subsetName } from '../clusters/clusterName.ts'
import type { Destination } from './httpRoute.ts'

/** The ports of the service that a hostname stands for; `undefined` when there is none. */
export type PortsOf = (hostname: string) => readonly ServicePort[] | undefined

/** The destination that a rule of one service port means when it names `hostname`: the port of the same name
 *  (Pilot), else the one of the same number, which is also what a service that does not exist yet is given. */
export const httpDestination = (
  hostname: string,
  labels: Readonly<Record<string, string>>,
  from: { readonly hostname: string; readonly port: ServicePort },
  portsOf: PortsOf,
): Destination => {
  const named =
    hostname === from.hostname ? from.port : portsOf(hostname)?.find(({ name }) => name === from.port.name)
  const port = (named ?? from.port).port
  return { hostname, port, labels, cluster: outboundCluster(port, subsetName(labels), hostname) }
}
