import type { Protocol } from '../model/service.ts'
import { outboundCluster } from './clusterName.ts'
import { outboundHttpFilters } from './httpFilters.ts'
import type { JsonObject } from './json.ts'
import { listenerJson, listenerName } from './listeners.ts'
import { httpConnectionManagerJson, routesOverAds, tcpFiltersJson } from './networkFilters.ts'
import type { Provenance } from './provenance.ts'

type Rule = Omit<Provenance, 'position'>

/** The listener of all HTTP services on `port`, captured; its routes are the route configuration `<port>`. */
export const outboundHttpListenerJson = (listener: {
  readonly port: number
  readonly accessLog: string
  /** The smallest of the services on that port. */
  readonly rule: Rule
}): JsonObject =>
  listenerJson({
    name: listenerName('0.0.0.0', listener.port),
    address: '0.0.0.0',
    port: listener.port,
    direction: 'OUTBOUND',
    bind: false,
    filters: [
      httpConnectionManagerJson({
        statPrefix: `outbound_${listener.port}`,
        routes: routesOverAds(String(listener.port)),
        httpFilters: outboundHttpFilters,
        accessLog: listener.accessLog,
        websocket: false,
      }),
    ],
    rule: listener.rule,
  })

/** The address at which the listener of a service port that is not HTTP is found: its virtual IP, else any. */
export const outboundTcpAddress = (virtualIp: string | undefined): string => virtualIp ?? '0.0.0.0'

/** The listener of a service port that is not HTTP, captured: all its connections go to the service's cluster. */
export const outboundTcpListenerJson = (service: {
  readonly hostname: string
  readonly port: number
  readonly protocol: Protocol
  readonly virtualIp?: string
  readonly accessLog: string
  readonly rule: Rule
}): JsonObject => {
  const address = outboundTcpAddress(service.virtualIp)
  const cluster = outboundCluster(service.port, '', service.hostname)
  return listenerJson({
    name: listenerName(address, service.port),
    address,
    port: service.port,
    direction: 'OUTBOUND',
    bind: false,
    filters: tcpFiltersJson({
      statPrefix: cluster,
      protocol: service.protocol,
      cluster,
      accessLog: service.accessLog,
    }),
    rule: service.rule,
  })
}
