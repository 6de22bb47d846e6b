import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../../model/resourceName.ts'
import type { SidecarEgress } from '../../model/sidecar.ts'
import { captureModeOf } from '../captureMode.ts'
import { inboundPorts } from '../listeners/inboundPorts.ts'
import { takenDoors } from '../listeners/takenDoors.ts'
import { ownListeners } from '../ownResources.ts'
import { provenanceOf, ruleText } from '../provenance.ts'
import type { CompiledPort, CompiledService } from '../registry/compiledService.ts'
import { declarationOf } from '../registry/declarers.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import type { Registry } from '../registry/registry.ts'
import { type Door, doorsOf, type Egress, egressOf } from '../views/egressPlaces.ts'
import { hostnamesInScope } from '../views/scope.ts'

/** What keeps hosts of a Sidecar's egress from being reached at its place. */
export const egressPlaceDiagnostics = (
  sidecar: Resource<'Sidecar'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { egress = [] } = sidecar.spec
  const captured = captureModeOf({}, registry.settings()) === 'captured'
  const placed = egress.flatMap((one, i) => {
    const alone = { ...sidecar, spec: { egress: [one] } }
    const { apart } = egressOf(alone, sidecar.metadata.namespace, { captured, atPlaces: true })
    return apart === undefined ? [] : [{ one, i, apart, called: calledAt(apart, registry) }]
  })
  const all = placed.flatMap(({ called }) => called)
  return placed.flatMap(({ one, i, apart, called }) => {
    const at = `/spec/egress/${i}`
    const taken = takenBy(sidecar, apart, registry)
    return [
      ...called
        .filter(({ door }, j) => taken.includes(door.name) && firstOf(called, j))
        .map(
          ({ door }): Diagnostic => ({
            code: 'RUT2131',
            severity: 'warning',
            path: `${at}/${fieldOf(one)}`,
            message: `The proxy has a listener of its own at ${door.name}, or captures that port: the hosts are not reached there.`,
          }),
        ),
      ...called.flatMap((its) => hidden(its, all, at)),
      ...called.filter(({ door }) => door.place.bound).flatMap((its) => nowhere(its, at)),
    ]
  })
}

/** A port that is called at a place. */
type Called = { readonly service: CompiledService; readonly port: CompiledPort; readonly door: Door }

const calledAt = (apart: NonNullable<Egress['apart']>, registry: Registry): readonly Called[] =>
  apart.places
    .flatMap(({ scope }) => [...hostnamesInScope(scope, registry)])
    .flatMap((hostname) => registry.service(hostname) ?? [])
    .flatMap((service) =>
      service.ports.flatMap((port) => doorsOf(service, port, apart).map((door) => ({ service, port, door }))),
    )

const firstOf = (called: readonly Called[], j: number): boolean =>
  called.findIndex(({ door }) => door.name === called[j]?.door.name) === j

const fieldOf = ({ bind, port }: SidecarEgress): string => {
  if (bind !== undefined) return 'bind'
  return port === undefined ? 'captureMode' : 'port/number'
}

/** The doors that something of its own has at a proxy that `sidecar` may be for. */
const takenBy = (
  sidecar: Resource<'Sidecar'>,
  { places }: NonNullable<Egress['apart']>,
  registry: Registry,
): readonly string[] => {
  const { metadata, spec } = sidecar
  const stored = registry
    .sidecarsIn(metadata.namespace)
    .find(({ resource }) => keyOf(nameOf(resource)) === keyOf(nameOf(sidecar)))
  const isSelected = (ip: string): boolean =>
    [...registry.workloadsAt(ip)].some(
      ({ resource }) =>
        (metadata.namespace === registry.settings().rootNamespace ||
          resource.metadata.namespace === metadata.namespace) &&
        matchesLabels(resource.spec.labels ?? {}, spec.workloadSelector?.labels ?? {}),
    )
  return ['', ...places.map(({ address }) => address).filter(isSelected)].flatMap((ip) =>
    takenDoors(
      places,
      ownListeners({ ip }, {}, { sidecar: stored }, inboundPorts(ip, registry), registry.settings()),
    ),
  )
}

/** Connections say nothing but where they go, unless they are TLS to a host outside of the mesh. */
const hidden = (
  { service, port, door }: Called,
  all: readonly Called[],
  at: string,
): readonly Diagnostic[] => {
  if (port.http || isTold(service, port)) return []
  const others = all.filter(
    (other) => !other.port.http && !isTold(other.service, other.port) && other.door.name === door.name,
  )
  const [first] = [...others].sort((a, b) => byCodeUnit(a.service.key, b.service.key))
  if (first === undefined || (first.service === service && first.port.port === port.port)) return []
  const message = `Connections to ${door.name} go to ${portName(first)}, and none to ${portName({ service, port })}: give it a place of its own.`
  return [{ code: 'RUT2132', severity: 'warning', path: `${at}/hosts`, message }]
}

const isTold = ({ serverNames = [] }: CompiledService, { protocol }: CompiledPort): boolean =>
  protocol === 'HTTPS' && serverNames.length > 0

const portName = ({ service, port }: Pick<Called, 'service' | 'port'>): string =>
  `port ${port.port} of ${ruleText(provenanceOf(service.stored))}`

const nowhere = ({ service, port, door }: Called, at: string): readonly Diagnostic[] => {
  if (port.http || declarationOf(service, port).found.by !== 'caller') return []
  const message = `Connections of ${portName({ service, port })} go where they were going, and those to ${door.name} were going nowhere else.`
  return [{ code: 'RUT2133', severity: 'warning', path: `${at}/hosts`, message }]
}
