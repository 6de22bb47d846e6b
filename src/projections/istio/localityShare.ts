import type { LocalityLbSetting, PortTrafficPolicy } from '../../model/istio/destinationRule.ts'
import { isWithin, type Locality, partsOfLocality } from '../registry/locality.ts'

/** How callers at one place share their requests out over places. */
export type LocalityShare =
  /** By percent over the places that patterns name; no other place gets any. */
  | { readonly kind: 'distribute'; readonly to: readonly (readonly [pattern: string, percent: number])[] }
  /** To where is most in common with `from`; where nothing is, to the region `to` first. */
  | { readonly kind: 'failover'; readonly from: Locality; readonly to: string | undefined }
  /** To the endpoints that have the first of these labels, or more of them in order, before others. */
  | { readonly kind: 'labels'; readonly labels: readonly LabelWanted[] }

/** A label that endpoints are to have. */
type LabelWanted = { readonly key: string; readonly value: string }

/** Labels that a locality stands for, by Istio's names (topology.proto, label.TopologySubzone, and Kubernetes'). */
const topologyLabels = [
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
  'topology.istio.io/subzone',
]

/** How callers at `from` share their requests out under `policy`; `undefined` where all places are one to them. */
export const localityShare = (
  { loadBalancer, outlierDetection }: PortTrafficPolicy,
  from: Locality,
): LocalityShare | undefined => {
  const setting = loadBalancer?.localityLbSetting
  if (setting === undefined || setting.enabled === false || from === '') return undefined
  if (setting.distribute !== undefined && setting.distribute.length > 0) {
    const found = setting.distribute.find((one) => isWithin(from, one.from ?? ''))
    return found && { kind: 'distribute', to: Object.entries(found.to ?? {}) }
  }
  // Without it nobody would know what to fail over from.
  if (outlierDetection === undefined) return undefined
  if (setting.failoverPriority !== undefined && setting.failoverPriority.length > 0)
    return { kind: 'labels', labels: setting.failoverPriority.flatMap((label) => wanted(label, from)) }
  const [region] = partsOfLocality(from)
  return { kind: 'failover', from, to: setting.failover?.find((one) => one.from === region)?.to }
}

const wanted = (label: string, from: Locality): readonly LabelWanted[] => {
  const equals = label.indexOf('=')
  if (equals !== -1) return [{ key: label.slice(0, equals), value: label.slice(equals + 1) }]
  const value = partsOfLocality(from)[topologyLabels.indexOf(label)]
  return value === undefined ? [] : [{ key: label, value }]
}

/** Labels of `setting` whose value is that of each caller, which is compared for regions, zones and subzones only. */
export const labelsOfCallers = ({ failoverPriority = [] }: LocalityLbSetting): readonly number[] =>
  failoverPriority.flatMap((label, i) => (label.includes('=') || topologyLabels.includes(label) ? [] : [i]))

/** The labels of an endpoint, those that its locality stands for included. */
export const labelsAt = (
  labels: Readonly<Record<string, string>>,
  locality: Locality,
): Readonly<Record<string, string>> => {
  const parts = partsOfLocality(locality)
  return { ...labels, ...Object.fromEntries(topologyLabels.map((key, i) => [key, parts[i] ?? ''])) }
}
