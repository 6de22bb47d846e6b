import type { Diagnostic } from '../../model/diagnostic.ts'
import type { ServiceEntrySpec } from '../../model/istio/serviceEntry.ts'
import { unusedFields } from './unusedFields.ts'

/** What of a ServiceEntry's endpoints, given or selected, has no effect. */
export const endpointsWithoutEffect = (spec: ServiceEntrySpec): readonly Diagnostic[] => [
  ...((spec.resolution ?? 'NONE') === 'NONE'
    ? unusedFields(spec, [
        ['workloadSelector', 'With resolution NONE connections go where the caller wants.'],
      ])
    : spec.workloadSelector?.labels !== undefined
      ? unusedFields(spec, [['workloadSelector/matchLabels', 'labels goes before it.']])
      : []),
  ...unnamedPorts(spec),
]

const unnamedPorts = ({ ports = [], endpoints = [] }: ServiceEntrySpec): readonly Diagnostic[] => {
  const names = ports.map(({ name }) => name)
  return endpoints.flatMap((endpoint, i) =>
    Object.keys(endpoint.ports ?? {})
      .filter((name) => !names.includes(name))
      .map(
        (name): Diagnostic => ({
          code: 'RUT2032',
          severity: 'warning',
          path: `/spec/endpoints/${i}/ports/${name}`,
          message: `There is no port named '${name}'. There are: ${names.join(', ')}.`,
        }),
      ),
  )
}
