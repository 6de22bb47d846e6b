import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { Workload } from '../istio/workloadSelection.ts'
import type { Registry } from './registry.ts'

/** The workloads at `ip`, by key: where they differ, the first says what a proxy there is. */
export const workloadsOf = (ip: string, registry: Pick<Registry, 'workloadsAt'>): readonly Workload[] =>
  [...registry.workloadsAt(ip)].sort((a, b) =>
    byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource))),
  )
