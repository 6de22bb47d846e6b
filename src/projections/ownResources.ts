import { durationMs } from '../model/duration.ts'
import type { MeshSettingsSpec } from '../model/meshSettings.ts'
import type { ProxyIdentity, ProxyMetadata } from '../model/proxy.ts'
import { proxyIps } from '../model/proxyIps.ts'
import { forEachType, type XdsResource, type XdsType } from '../model/xds.ts'
import { captureModeOf, httpProxyOf } from './captureMode.ts'
import { inboundCluster } from './clusters/clusterName.ts'
import {
  blackHoleClusterJson,
  blackHoleClusterName,
  inboundClusterJson,
  inboundPassthroughClusterJson,
  inboundPassthroughClusterName,
  passthroughClusterJson,
  passthroughClusterName,
} from './clusters/clusters.ts'
import { xdsResource } from './encoded.ts'
import type { JsonObject } from './json.ts'
import { httpProxyListenerJson, httpProxyName } from './listeners/httpProxyListener.ts'
import { inboundListenerJson } from './listeners/inboundListeners.ts'
import type { InboundPort } from './listeners/inboundPorts.ts'
import { servedPorts } from './listeners/sidecarIngress.ts'
import type { OwnListeners } from './listeners/takenDoors.ts'
import {
  capturePorts,
  virtualInboundListenerJson,
  virtualOutboundListenerJson,
} from './listeners/virtualListeners.ts'
import { workloadSecrets } from './mutualTls/workloadSecrets.ts'
import type { Provenance } from './provenance.ts'
import type { Caller } from './views/caller.ts'

/** Resources of one proxy, by type and name. */
export type OwnResources = Readonly<Record<XdsType, ReadonlyMap<string, XdsResource>>>

type Sidecar = Exclude<ProxyIdentity, { readonly type: 'bare' }>
type Settings = Required<MeshSettingsSpec>

/** What a sidecar has that it shares with nobody: listeners and clusters for its inbound ports, and the listeners by which
 *  traffic enters it. */
export const ownResourcesOf = (
  proxy: Sidecar,
  metadata: ProxyMetadata,
  { undeclaredOutbound, sidecar, ipv6 }: Pick<Caller, 'undeclaredOutbound' | 'sidecar' | 'ipv6'>,
  ports: readonly InboundPort[],
  settings: Settings,
): OwnResources => {
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
  const at = { ips: proxyIps(proxy, metadata), captured: mode === 'captured' }
  for (const inbound of servedPorts(ports, sidecar, at, settings)) {
    const { port, rule } = inbound
    add('clusters', inboundClusterJson({ ...inbound, connectTimeoutMs }), [rule])
    add('listeners', inboundListenerJson({ ...inbound, accessLog: settings.accessLog }), [rule], {
      clusters: [inboundCluster(port)],
      lingers: true,
    })
    if (inbound.mutualTls)
      for (const [name, secret] of workloadSecrets(settings.certificatesPath)) own.secrets.set(name, secret)
  }
  const httpProxy = httpProxyOf(metadata, settings)
  if (httpProxy !== undefined)
    add('listeners', httpProxyListenerJson({ ...httpProxy, accessLog: settings.accessLog }), [])
  if (mode === 'captured') {
    add('clusters', passthroughClusterJson(connectTimeoutMs), [])
    add('clusters', inboundPassthroughClusterJson(connectTimeoutMs, ipv6), [])
    add('clusters', blackHoleClusterJson(), [])
    const clusters = [passthroughClusterName, inboundPassthroughClusterName, blackHoleClusterName]
    add('listeners', virtualOutboundListenerJson({ ...settings, undeclaredOutbound, ipv6 }), [], { clusters })
    add('listeners', virtualInboundListenerJson({ ...settings, ipv6 }), [], { clusters })
  }
  return own
}

/** Where a sidecar itself listens. */
export const ownListeners = (
  proxy: Pick<Sidecar, 'ip'>,
  metadata: ProxyMetadata,
  { sidecar }: Pick<Caller, 'sidecar'>,
  ports: readonly InboundPort[],
  settings: Settings,
): OwnListeners => {
  const captured = captureModeOf(metadata, settings) === 'captured'
  const httpProxy = httpProxyOf(metadata, settings)
  return {
    at: [
      ...servedPorts(ports, sidecar, { ips: proxyIps(proxy, metadata), captured }, settings),
      ...(httpProxy ? [httpProxy] : []),
    ],
    capturePorts: captured ? capturePorts(settings) : [],
  }
}

/** What a router has for itself: its HTTP proxy where its Envoy says, in place of the ports of services. */
export const routerResourcesOf = ({ httpProxy }: ProxyMetadata, { accessLog }: Settings): OwnResources => {
  const own = forEachType(() => new Map<string, XdsResource>())
  if (httpProxy !== undefined)
    own.listeners.set(
      httpProxyName,
      xdsResource('listeners', httpProxyName, httpProxyListenerJson({ ...httpProxy, accessLog }), []),
    )
  return own
}
