import { clusterPart } from '../clusters/clusterPart.ts'
import type { TcpPort } from '../connections/outboundTcpPorts.ts'
import { capturePorts } from '../listeners/virtualListeners.ts'
import { provenanceOf } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import type { Registry } from '../registry/registry.ts'
import type { Destination } from '../routes/httpRoute.ts'
import { type Door, doorsOf } from './egressPlaces.ts'
import { takesPort } from './scope.ts'
import type { ClusterPart, PlaceClaim, Slice, SliceVariant } from './slice.ts'

/** A slice that is put together port by port. */
export type SliceDraft = {
  readonly clusters: Map<string, ClusterPart>
  /** Has the cluster of a destination among its clusters. */
  readonly need: (destination: Destination) => void
  readonly virtualHosts: Slice['virtualHosts'][number][]
  readonly tcpPorts: TcpPort[]
  readonly httpPorts: number[]
  readonly portsByAuthority: number[]
  readonly atPlaces: PlaceClaim[]
}

/** Nothing of `service` yet. */
export const createDraft = (
  service: CompiledService,
  variant: SliceVariant,
  registry: Registry,
): SliceDraft => {
  const clusters = new Map<string, ClusterPart>()
  const declaredBy = provenanceOf(service.stored)
  return {
    clusters,
    need: (destination) => {
      if (!clusters.has(destination.cluster))
        clusters.set(destination.cluster, clusterPart(destination, declaredBy, variant, registry))
    },
    virtualHosts: [],
    tcpPorts: [],
    httpPorts: [],
    portsByAuthority: [],
    atPlaces: [],
  }
}

/** Whether callers of a variant reach what they call at listeners of their own for each port. */
export const hasListeners = ({ mode }: Pick<SliceVariant, 'mode'>): boolean =>
  mode === 'captured' || mode === 'router'

/** Whether callers reach the port otherwise than at places of their Sidecar, and at which of these. */
export const reachOf = (
  service: CompiledService,
  port: CompiledPort,
  { apart }: SliceVariant,
): { readonly isCalled: boolean; readonly doors: readonly Door[] } =>
  apart === undefined
    ? { isCalled: true, doors: noDoors }
    : {
        isCalled: takesPort(apart.called, service, port.port),
        doors: doorsOf(service, port, apart),
      }

const noDoors: readonly Door[] = []

/** Whether callers can have no listener for `port` at any address, as the capture of their connections is there. */
export const isAtCapture = (
  { mode }: Pick<SliceVariant, 'mode'>,
  { port }: Pick<CompiledPort, 'port'>,
  registry: Pick<Registry, 'settings'>,
): boolean => mode === 'captured' && capturePorts(registry.settings()).includes(port)
