import { byCodeUnit } from '../../model/resourceName.ts'

/** Who runs the instances behind a name of a service, counted, so that an instance that comes or goes is looked up and
 *  nothing is searched. */
export type Identities = {
  /** Counts an instance in or out; true when its account is new behind `reference`, or is there no more. */
  shift(reference: string, account: string, shift: 'add' | 'delete'): boolean
  /** The accounts behind any of `references`, each once, sorted. */
  of(references: readonly string[]): readonly string[]
}

export const createIdentities = (): Identities => {
  const counts = new Map<string, Map<string, number>>()
  return {
    shift: (reference, account, shift) => {
      const its = counts.get(reference) ?? new Map<string, number>()
      const before = its.get(account) ?? 0
      const after = before + (shift === 'add' ? 1 : -1)
      if (after > 0) its.set(account, after)
      else its.delete(account)
      if (its.size > 0) counts.set(reference, its)
      else counts.delete(reference)
      return before === 0 || after === 0
    },
    of: (references) =>
      [...new Set(references.flatMap((one) => [...(counts.get(one)?.keys() ?? [])]))].sort(byCodeUnit),
  }
}

/** The account of a workload, `ns/<namespace>/sa/<serviceAccount>`; without one it is `default`, as in Kubernetes. */
export const accountOf = ({
  metadata,
  spec,
}: {
  readonly metadata: { readonly namespace: string }
  readonly spec: { readonly serviceAccount?: string }
}): string => `ns/${metadata.namespace}/sa/${spec.serviceAccount ?? 'default'}`

/** The name in the certificate of a workload that runs under `account` (SPIFFE, as Istio writes it). */
export const spiffeId = (meshDomain: string, account: string): string => `spiffe://${meshDomain}/${account}`
