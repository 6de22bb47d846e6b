import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import type { SidecarIngress } from '../../model/sidecar.ts'
import { spokenProtocol } from '../istio/compileServiceEntry.ts'
import { type Unused, unusedFields } from '../istio/unusedFields.ts'
import { matchesLabels } from '../registry/instanceEndpoints.ts'
import type { Registry } from '../registry/registry.ts'
import { protocolNamed } from '../registry/servicePorts.ts'
import { hostnamesInScope, scopeOf } from '../views/scope.ts'
import { egressPlaceDiagnostics } from './egressPlaceDiagnostics.ts'
import { ingressTlsDiagnostics } from './ingressTlsDiagnostics.ts'

/** Egress hosts of a Sidecar that take no service, and another Sidecar that hides it. */
export const sidecarDiagnostics = (
  sidecar: Resource<'Sidecar'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = sidecar
  const hosts = (spec.egress ?? []).flatMap((egress, i) =>
    egress.hosts.map((host, j) => ({ egress, host, path: `/spec/egress/${i}/hosts/${j}` })),
  )
  const forAll =
    metadata.namespace === registry.settings().rootNamespace && Object.keys(selectorOf(sidecar)).length === 0
  return [
    ...hosts
      // Of the default of all namespaces . is each proxy's own.
      .filter(({ host }) => !host.startsWith('~/') && !(forAll && host.startsWith('./')))
      .filter(
        ({ egress, host }) =>
          hostnamesInScope(scopeOf([{ ...egress, hosts: [host] }], metadata.namespace), registry).size === 0,
      )
      .map(
        ({ egress: { port }, host, path }): Diagnostic => ({
          code: 'RUT2021',
          severity: 'warning',
          path,
          message: `No service matches '${host}'${port === undefined || port.number === 0 ? '' : ` with a port ${port.number}`}.`,
        }),
      ),
    ...hidden(sidecar, registry),
    ...unusedFields(spec, unused),
    ...egressPlaceDiagnostics(sidecar, registry),
    ...(spec.egress ?? []).flatMap((egress, i) => otherProtocol(egress, i, metadata.namespace, registry)),
    ...(spec.ingress ?? []).flatMap(notRouted),
    ...(spec.ingress ?? []).flatMap((one, i) => ingressTlsDiagnostics(sidecar, one, i, registry)),
  ]
}

const unused: readonly Unused[] = [
  ['egress/*/port/targetPort', 'Where services listen is said by themselves.'],
  ['ingress/*/port/targetPort', 'Where the application listens is said by defaultEndpoint.'],
  ['outboundTrafficPolicy/egressProxy', 'What no service declares goes where it was going.'],
]

/** What a port speaks is said by its service. */
const otherProtocol = (
  { hosts, port }: NonNullable<Resource<'Sidecar'>['spec']['egress']>[number],
  i: number,
  namespace: string,
  registry: Registry,
): readonly Diagnostic[] => {
  const { protocol, name = '' } = port ?? {}
  const spoken = protocol === undefined ? protocolNamed(name) : spokenProtocol(protocol)
  if (port === undefined || (protocol === undefined && spoken === undefined)) return []
  for (const hostname of hostnamesInScope(scopeOf([{ hosts, port }], namespace), registry)) {
    const other = registry.service(hostname)?.ports.find((one) => one.port === port.number)
    if (other !== undefined && other.protocol !== spoken)
      return [
        {
          code: 'RUT2011',
          severity: 'warning',
          path: `/spec/egress/${i}/port/${protocol === undefined ? 'name' : 'protocol'}`,
          message: `It has no effect: port ${port.number} of ${hostname} speaks ${other.protocol}, as its service says.`,
        },
      ]
  }
  return []
}

const notRouted = ({ port: { protocol } }: SidecarIngress, i: number): readonly Diagnostic[] =>
  protocol === 'UDP'
    ? [
        {
          code: 'RUT2011',
          severity: 'warning',
          path: `/spec/ingress/${i}/port/protocol`,
          message: 'Proxies do not route UDP.',
        },
      ]
    : []

const hidden = (sidecar: Resource<'Sidecar'>, registry: Registry): readonly Diagnostic[] => {
  const key = keyOf(nameOf(sidecar))
  const wanted = selectorOf(sidecar)
  const isDefault = Object.keys(wanted).length === 0
  for (const { resource: other } of registry.sidecarsIn(sidecar.metadata.namespace)) {
    if (keyOf(nameOf(other)) === key) return []
    const others = selectorOf(other)
    // A default is only asked when no selector takes the proxy, so that the two sorts never hide each other.
    if ((Object.keys(others).length === 0) !== isDefault || !matchesLabels(wanted, others)) continue
    return [
      {
        code: 'RUT2022',
        severity: 'warning',
        path: '/spec/workloadSelector',
        message: `${keyOf(nameOf(other))} selects every proxy that this one does and has the smaller name: it holds, and this one has no effect.`,
      },
    ]
  }
  return []
}

const selectorOf = ({ spec }: Resource<'Sidecar'>): Readonly<Record<string, string>> =>
  spec.workloadSelector?.labels ?? {}
