/** Istio's WorkloadEntry (networking.istio.io): a workload that no registry knows, also inside of a ServiceEntry. */
export type WorkloadEntrySpec = {
  /** An IP address, or a hostname where the ServiceEntry resolves by DNS. */
  readonly address: string
  /** By the name of the service's port. */
  readonly ports?: Readonly<Record<string, number>>
  readonly labels?: Readonly<Record<string, string>>
  readonly network?: string
  /** `region/zone/subzone`. */
  readonly locality?: string
  readonly weight?: number
  readonly serviceAccount?: string
}
