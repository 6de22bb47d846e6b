import type { Diagnostic } from '../model/diagnostic.ts'
import type { Resource } from '../model/resource.ts'
import { keyOf, nameOf } from '../model/resourceName.ts'
import { matchesLabels } from './instanceEndpoints.ts'
import { type Unused, unusedFields } from './istio/unusedFields.ts'
import type { Registry } from './registry.ts'
import { scopeOf, servicesInScope } from './scope.ts'

/** Egress hosts of a Sidecar that take no service, and another Sidecar that hides it. */
export const sidecarDiagnostics = (
  sidecar: Resource<'Sidecar'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = sidecar
  const hosts = (spec.egress ?? []).flatMap((egress, i) =>
    egress.hosts.map((host, j) => ({ host, path: `/spec/egress/${i}/hosts/${j}` })),
  )
  return [
    ...hosts
      .filter(({ host }) => !host.startsWith('~/'))
      .filter(({ host }) => servicesInScope(scopeOf([host], metadata.namespace), registry).size === 0)
      .map(
        ({ host, path }): Diagnostic => ({
          code: 'RUT2021',
          severity: 'warning',
          path,
          message: `No service matches '${host}'.`,
        }),
      ),
    ...hidden(sidecar, registry),
    ...unusedFields(spec, unused),
    ...(spec.egress ?? []).flatMap(otherCapture),
  ]
}

const unused: readonly Unused[] = [
  ['egress/*/port', 'Its hosts are taken on all of their ports.'],
  ['egress/*/bind', 'Listeners are where services are, or at the explicit HTTP proxy.'],
  ['ingress', 'Inbound listeners are those of the services that the workload is behind.'],
  ['inboundConnectionPool', 'Inbound connections are not limited.'],
  ['outboundTrafficPolicy/egressProxy', 'What no service declares goes where it was going.'],
]

// How a proxy is reached is said by its own metadata and the mesh's settings.
const otherCapture = (
  { captureMode }: { readonly captureMode?: string },
  i: number,
): readonly Diagnostic[] =>
  captureMode === 'NONE'
    ? unusedFields({ egress: { [i]: { captureMode } } }, [
        [
          'egress/*/captureMode',
          'Without capture a proxy has an explicit HTTP proxy, or proxyListenPort is 0.',
        ],
      ])
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
