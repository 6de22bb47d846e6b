import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { inboundDiagnostics } from '../diagnostics/inboundDiagnostics.ts'
import { canBeEndpoint } from '../registry/canBeEndpoint.ts'
import type { Registry } from '../registry/registry.ts'
import { unusedFields } from './unusedFields.ts'

/** All that keeps a WorkloadEntry, or a part of it, from having an effect. */
export const workloadEntryDiagnostics = (
  entry: Resource<'WorkloadEntry'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec } = entry
  const services = registry
    .servedBy({ resource: entry, position: 0, source: '' })
    .map(({ service }) => service)
  const names = new Set(services.flatMap(({ ports }) => ports.map(({ name }) => name)))
  return [
    ...(services.length === 0
      ? [
          {
            code: 'RUT2114',
            severity: 'warning',
            path: '/spec/labels',
            message: `No ServiceEntry in ${entry.metadata.namespace} selects these labels: no request comes to it.`,
          } as const,
        ]
      : Object.keys(spec.ports ?? {})
          .filter((name) => !names.has(name))
          .map(
            (name): Diagnostic => ({
              code: 'RUT2032',
              severity: 'warning',
              path: `/spec/ports/${name}`,
              message: `None of its services has a port named '${name}'. They have: ${[...names].join(', ')}.`,
            }),
          )),
    ...services
      .filter(({ found }) => !canBeEndpoint(spec.address, found))
      .map(
        ({ hostname }): Diagnostic => ({
          code: 'RUT2115',
          severity: 'warning',
          path: '/spec/address',
          message: `${hostname} takes ${
            spec.address.startsWith('unix://') ? 'no sockets of a file system' : 'IP addresses alone'
          }, as its resolution says: no request to it comes here.`,
        }),
      ),
    ...inboundDiagnostics(entry, registry),
    ...unusedFields(spec, [['network', 'It is called at its address, from every network.']]),
  ]
}
