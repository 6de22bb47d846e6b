import type { MeshSettingsSpec } from '../model/meshSettings.ts'
import type { VirtualHostPart } from '../model/xds.ts'
import { passthroughClusterName } from './clusters.ts'
import { encoded } from './encoded.ts'
import type { CaptureMode } from './slice.ts'
import { undeclaredVirtualHostJson } from './virtualHost.ts'

let made: VirtualHostPart | undefined

/** The virtual host of a captured port for authorities that no service has, where the mesh lets them pass. */
export const undeclaredPart = (
  mode: CaptureMode,
  { undeclaredOutbound }: Pick<Required<MeshSettingsSpec>, 'undeclaredOutbound'>,
): readonly VirtualHostPart[] => {
  if (mode !== 'captured' || undeclaredOutbound !== 'passthrough') return []
  made ??= {
    name: 'undeclared',
    ...encoded('type.googleapis.com/envoy.config.route.v3.VirtualHost', undeclaredVirtualHostJson()),
    clusters: [passthroughClusterName],
    causes: [],
  }
  return [made]
}
