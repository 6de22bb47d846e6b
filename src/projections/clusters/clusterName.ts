import { byCodeUnit } from '../../model/resourceName.ts'

/** A cluster name taken apart; `subset` and, of inbound clusters, `hostname` may be empty. */
export type ClusterName = {
  readonly direction: 'outbound' | 'inbound'
  readonly port: number
  readonly subset: string
  readonly hostname: string
}

/** `outbound|9080|version=v1|reviews.default.svc.cluster.local`: callers' cluster of a service port (contract §4). */
export const outboundCluster = (port: number, subset: string, hostname: string): string =>
  `outbound|${port}|${subset}|${hostname}`

/** `inbound|9080||`: the application beside the proxy, by the port that callers reach (contract §4). */
export const inboundCluster = (port: number): string => `inbound|${port}||`

/** The subset that a 2017 rule means by `labels`: `k=v` sorted by code unit and joined by commas; '' for none. */
export const subsetName = (labels: Readonly<Record<string, string>> = noLabels): string =>
  labels === noLabels
    ? ''
    : Object.entries(labels)
        .map(([key, value]) => `${key}=${value}`)
        .sort(byCodeUnit)
        .join(',')

/** What a destination is asked for that is all of its service: one for all, and known without a look into it. */
export const noLabels: Readonly<Record<string, string>> = {}

const form = /^(outbound|inbound)\|(\d{1,5})\|([^|]*)\|([^|]*)$/

/** The parts of a cluster name; `undefined` for a name of any other form. */
export const parseClusterName = (name: string): ClusterName | undefined => {
  const [, direction, port, subset, hostname] = form.exec(name) ?? []
  if (direction === undefined || subset === undefined || hostname === undefined) return undefined
  return { direction: direction === 'inbound' ? 'inbound' : 'outbound', port: Number(port), subset, hostname }
}
