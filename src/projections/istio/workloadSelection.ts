import type { Stored } from '../../model/mesh.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import { multimap } from '../registry/multimap.ts'

/** A workload that the registry knows of. */
export type Workload = Stored<'Instance'> | Stored<'WorkloadEntry'>

type Shift = 'add' | 'delete'

/** Which services select which workloads of their namespace by labels. Nearly no service does. */
export type WorkloadSelection = {
  /** By key. */
  workloadsOf(service: CompiledService): readonly Workload[]
  servicesOf(workload: Workload): readonly CompiledService[]
  /** A service came or went; `workloads` are all that there are. */
  shiftService(service: CompiledService, shift: Shift, workloads: () => Iterable<Workload>): void
  shiftWorkload(workload: Workload, shift: Shift): void
}

/** A selection of nothing. */
export const createWorkloadSelection = (): WorkloadSelection => {
  const selecting = multimap<CompiledService>()
  const selected = new Map<CompiledService, Set<Workload>>()
  const servicesOf = ({ resource: { metadata, spec } }: Workload): readonly CompiledService[] =>
    [...selecting.get(metadata.namespace)].filter((service) =>
      matchesLabels(spec.labels ?? {}, selectorOf(service) ?? {}),
    )
  return {
    workloadsOf: (service) => {
      const its = selected.get(service)
      return its === undefined ? none : [...its].sort(byKey)
    },
    servicesOf,
    shiftService: (service, shift, workloads) => {
      if (selectorOf(service) === undefined) return
      selecting[shift](service.namespace, service)
      if (shift === 'delete') selected.delete(service)
      else
        selected.set(
          service,
          new Set([...workloads()].filter((workload) => servicesOf(workload).includes(service))),
        )
    },
    shiftWorkload: (workload, shift) => {
      for (const service of servicesOf(workload)) selected.get(service)?.[shift](workload)
    },
  }
}

const none: readonly Workload[] = []

const byKey = (a: Workload, b: Workload): number =>
  byCodeUnit(keyOf(nameOf(a.resource)), keyOf(nameOf(b.resource)))

const selectorOf = ({ found }: CompiledService): Readonly<Record<string, string>> | undefined =>
  found.by === 'caller' || found.by === 'askedName' ? undefined : found.selector
