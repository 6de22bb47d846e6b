import type { VirtualHostPart } from '../../model/xds.ts'
import { passthroughClusterName } from '../clusters/clusters.ts'
import { encoded } from '../encoded.ts'
import type { UndeclaredOutbound } from '../views/caller.ts'
import type { CaptureMode } from '../views/slice.ts'
import { undeclaredVirtualHostJson } from './virtualHost.ts'

let made: VirtualHostPart | undefined

/** `parts` and, where a captured port lets pass what nobody declares, the virtual host of authorities that none of
 *  them has. An egress rule to `*` declares them all. */
export const withUndeclared = (
  parts: readonly VirtualHostPart[],
  mode: CaptureMode,
  undeclaredOutbound: UndeclaredOutbound,
): readonly VirtualHostPart[] => {
  if (mode !== 'captured' || undeclaredOutbound !== 'passthrough') return parts
  if (parts.some(({ name }) => name.startsWith('*:'))) return parts
  made ??= {
    name: 'undeclared',
    ...encoded('type.googleapis.com/envoy.config.route.v3.VirtualHost', undeclaredVirtualHostJson()),
    clusters: [passthroughClusterName],
    causes: [],
  }
  return [...parts, made]
}
