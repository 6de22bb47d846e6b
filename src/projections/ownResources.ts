import { durationMs } from '../model/duration.ts'
import type { Stored } from '../model/mesh.ts'
import type { MeshSettingsSpec } from '../model/meshSettings.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import { forEachType, type XdsResource, type XdsType } from '../model/xds.ts'
import { inboundCluster } from './clusterName.ts'
import {
  blackHoleClusterJson,
  blackHoleClusterName,
  inboundClusterJson,
  inboundPassthroughClusterJson,
  inboundPassthroughClusterName,
  passthroughClusterJson,
  passthroughClusterName,
} from './clusters.ts'
import { xdsResource } from './encoded.ts'
import { httpProxyListenerJson } from './httpProxyListener.ts'
import { inboundListenerJson } from './inboundListeners.ts'
import { endpointOf } from './instanceEndpoints.ts'
import type { JsonObject } from './json.ts'
import type { Provenance } from './provenance.ts'
import type { Registry } from './registry.ts'
import type { CaptureMode } from './slice.ts'
import { virtualInboundListenerJson, virtualOutboundListenerJson } from './virtualListeners.ts'

/** Resources of one proxy, by type and name. */
export type OwnResources = Readonly<Record<XdsType, ReadonlyMap<string, XdsResource>>>

type Sidecar = Exclude<ProxyIdentity, { readonly type: 'bare' }>
type Settings = Required<MeshSettingsSpec>

/** Where the explicit HTTP proxy of a sidecar listens: as its Envoy says, else on its loopback at the mesh's port. */
export const httpProxyOf = (
  metadata: ProxyMetadata,
  settings: Settings,
): { readonly address: string; readonly port: number } | undefined =>
  metadata.httpProxy ??
  (settings.proxyHttpPort === 0 ? undefined : { address: '127.0.0.1', port: settings.proxyHttpPort })

/** How outbound traffic reaches a sidecar: an explicit HTTP proxy excludes capture (contract §3). */
export const captureModeOf = (
  metadata: ProxyMetadata,
  settings: Settings,
): Exclude<CaptureMode, 'ingress'> => {
  if (httpProxyOf(metadata, settings) !== undefined) return 'proxy'
  return settings.proxyListenPort === 0 ? 'none' : 'captured'
}

/** What a sidecar has that it shares with nobody: inbound listeners and clusters of the instances at its ip, and
 *  the listeners by which traffic enters it. */
export const ownResourcesOf = (proxy: Sidecar, metadata: ProxyMetadata, registry: Registry): OwnResources => {
  const settings = registry.settings()
  const own = forEachType(() => new Map<string, XdsResource>())
  const add = (
    type: 'clusters' | 'listeners',
    json: JsonObject,
    rules: readonly Provenance[],
    more: Pick<XdsResource, 'clusters' | 'lingers'> = {},
  ): void => {
    const name = String(json['name'])
    if (!own[type].has(name)) own[type].set(name, { ...xdsResource(type, name, json, rules), ...more })
  }
  const mode = captureModeOf(metadata, settings)
  const connectTimeoutMs = durationMs(settings.connectTimeout) ?? 1000
  for (const inbound of inboundPorts(proxy, registry)) {
    const { address, port, app, protocol, rule } = inbound
    add('clusters', inboundClusterJson({ port, app, protocol, connectTimeoutMs, rule }), [rule])
    const captured = mode === 'captured'
    add(
      'listeners',
      inboundListenerJson({ address, port, protocol, captured, accessLog: settings.accessLog, rule }),
      [rule],
      { clusters: [inboundCluster(port)], lingers: true },
    )
  }
  const httpProxy = httpProxyOf(metadata, settings)
  if (httpProxy !== undefined)
    add('listeners', httpProxyListenerJson({ ...httpProxy, accessLog: settings.accessLog }), [])
  if (mode === 'captured') {
    add('clusters', passthroughClusterJson(connectTimeoutMs), [])
    add('clusters', inboundPassthroughClusterJson(connectTimeoutMs), [])
    add('clusters', blackHoleClusterJson(), [])
    const clusters = [passthroughClusterName, inboundPassthroughClusterName, blackHoleClusterName]
    add('listeners', virtualOutboundListenerJson(settings), [], { clusters })
    add('listeners', virtualInboundListenerJson(settings), [], { clusters })
  }
  return own
}

/** Every port of every instance at the proxy's ip that a service has, the smallest instance and service first:
 *  where two claim one port number, that one has it. */
const inboundPorts = (proxy: Sidecar, registry: Registry) =>
  sortedByKey([...registry.instancesAt(proxy.ip)]).flatMap((instance) =>
    [...registry.servicesOf(instance)]
      .sort((a, b) => byCodeUnit(a.key, b.key))
      .flatMap((service) =>
        service.ports.flatMap(({ name, protocol }) => {
          const endpoint = endpointOf(instance.resource, name)
          if (endpoint === undefined) return []
          const { address, port, app } = endpoint
          const rule = { ...nameOf(service.stored.resource), position: service.stored.position }
          return [{ address, port, app, protocol, rule }]
        }),
      ),
  )

const sortedByKey = (instances: readonly Stored<'Instance'>[]): Stored<'Instance'>[] =>
  [...instances].sort((a, b) => byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource))))
