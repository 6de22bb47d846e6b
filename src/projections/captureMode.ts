import type { MeshSettingsSpec } from '../model/meshSettings.ts'
import type { ProxyMetadata } from '../model/proxy.ts'

type Settings = Required<MeshSettingsSpec>

/** Where the explicit HTTP proxy of a sidecar listens: as its Envoy says, else on its loopback at the mesh's port. */
export const httpProxyOf = (
  metadata: ProxyMetadata,
  settings: Settings,
): { readonly address: string; readonly port: number } | undefined =>
  metadata.httpProxy ??
  (settings.proxyHttpPort === 0 ? undefined : { address: '127.0.0.1', port: settings.proxyHttpPort })

/** How outbound traffic reaches a sidecar: an explicit HTTP proxy excludes capture (contract §3). */
export const captureModeOf = (metadata: ProxyMetadata, settings: Settings): 'captured' | 'proxy' | 'none' => {
  if (httpProxyOf(metadata, settings) !== undefined) return 'proxy'
  return settings.proxyListenPort === 0 ? 'none' : 'captured'
}
