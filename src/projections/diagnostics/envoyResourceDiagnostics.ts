import { isLeft } from 'fp-ts/lib/Either.js'
import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { type ConfigurableType, configurableTypes, typeUrlOf } from '../../model/xds.ts'
import { beyondLimits } from '../beyondLimits.ts'
import { parseClusterName } from '../clusters/clusterName.ts'
import {
  blackHoleClusterName,
  inboundPassthroughClusterName,
  passthroughClusterName,
} from '../clusters/clusters.ts'
import { rawResourceOf } from '../envoyResources.ts'
import { httpProxyName } from '../listeners/httpProxyListener.ts'

const fixedClusters: ReadonlySet<string> = new Set([
  passthroughClusterName,
  inboundPassthroughClusterName,
  blackHoleClusterName,
])

/** True for the names of the resources that Rutter generates, by type. */
const isGenerated: Readonly<Record<ConfigurableType, (name: string) => boolean>> = {
  clusters: (name) => parseClusterName(name) !== undefined || fixedClusters.has(name),
  endpoints: (name) => parseClusterName(name) !== undefined,
  listeners: (name) =>
    name === httpProxyName || /^virtual(Inbound|Outbound)$/.test(name) || /^[0-9a-f.:]+_\d+$/.test(name),
  routes: (name) => name === httpProxyName || /^\d+$/.test(name),
}

/** Says so when an EnvoyResource cannot be sent, and when it takes the place of a generated resource on proxies that
 *  have one of its name. */
export const envoyResourceDiagnostics = (resource: Resource<'EnvoyResource'>): readonly Diagnostic[] => {
  const { spec } = resource
  const raw = rawResourceOf({ resource, position: 0, source: '' })
  if (isLeft(raw)) return [beyondLimits('/spec/resource', raw.left)]
  const { '@type': typeUrl, name, cluster_name, clusterName } = spec.resource
  const type = configurableTypes.find((one) => typeUrlOf[one] === typeUrl)
  const given = String(name ?? cluster_name ?? clusterName ?? '')
  const onlyBare = spec.proxies.ids?.every((id) => id.split('~').length !== 4) ?? false
  if (type === undefined || onlyBare || !isGenerated[type](given)) return []
  return [
    {
      code: 'RUT2040',
      severity: 'info',
      path: '/spec/resource/name',
      message: `On proxies for which Rutter generates '${given}' too, this takes its place, and rules do not change it.`,
    },
  ]
}
