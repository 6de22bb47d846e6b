/** Workloads whose labels hold all of these. Istio writes `matchLabels` in a DestinationRule, `labels` elsewhere. */
export type WorkloadSelector = {
  readonly labels?: Readonly<Record<string, string>>
  readonly matchLabels?: Readonly<Record<string, string>>
}
