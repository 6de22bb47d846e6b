import type { Emitted } from '../../src/explain/emitted.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { XdsType } from '../../src/model/xds.ts'
import { createProjector } from '../../src/projections/projector.ts'
import { showResource } from '../../src/projections/showResource.ts'
import { applied, given } from '../reducers/given.ts'

/** What a proxy is given in a mesh of `resources`, and what of a cluster decides whom it reaches and how that is
 *  verified: not its name, which tells the dialect. */
export const projectedTo = (
  proxy: ProxyIdentity,
  metadata: ProxyMetadata,
  resources: readonly Resource[],
): {
  readonly emitted: Emitted
  readonly placeOf: (cluster: string) => string
  /** How it is reached: what policies decide. */
  readonly mannerOf: (cluster: string) => object
} => {
  const followed = createProjector(given(...resources.map(applied))).follow(proxy, metadata)
  const shown = (type: XdsType, name: string) => {
    const resource = followed.get(type, name)
    return resource === undefined ? [] : [showResource(type, resource)]
  }
  const all = (type: XdsType) => [...followed.names(type)].flatMap((name) => shown(type, name))
  const told = /"(type|address|port_value|sni|exact|filename)":("[^"]*"|\d+)/g
  return {
    emitted: {
      listeners: all('listeners'),
      routes: all('routes'),
      clusters: all('clusters'),
      othersInBootstrap: false,
    },
    mannerOf: (cluster) => {
      const [json = {}] = shown('clusters', cluster)
      const { circuit_breakers, common_lb_config, outlier_detection, ...rest } = Object.fromEntries(
        Object.entries(json).filter(([key]) => !ownName.includes(key)),
      )
      // What is left out is Envoy's default, which may be said too.
      const common = { healthy_panic_threshold: { value: 50 }, ...(common_lb_config as object | undefined) }
      const outlier = { consecutive_5xx: 5, ...(outlier_detection as object | undefined) }
      return {
        ...rest,
        ...(JSON.stringify(circuit_breakers) === '{"thresholds":[{}]}' ? {} : { circuit_breakers }),
        common_lb_config: common,
        ...(outlier_detection === undefined ? {} : { outlier_detection: outlier }),
      }
    },
    placeOf: (cluster) => {
      const [, port, , host] = cluster.split('|')
      const json = JSON.stringify([...shown('clusters', cluster), ...shown('endpoints', cluster)])
      const found = [...json.matchAll(told)].map(([one]) => one).filter((one) => !one.includes('outbound|'))
      // A service without endpoints is told from others by its name; what is outside has different ones in each dialect.
      return [...(found.includes('"type":"EDS"') ? [`${port} ${host}`] : []), ...found.sort()].join(' ')
    },
  }
}

const ownName = ['name', 'metadata', 'eds_cluster_config', 'load_assignment', 'transport_socket']
