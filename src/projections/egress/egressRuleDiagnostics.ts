import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import { keyOf, nameOf } from '../../model/resourceName.ts'
import type { Registry } from '../registry/registry.ts'

/** All that keeps an EgressRule, or a part of it, from having an effect. */
export const egressRuleDiagnostics = (
  rule: Resource<'EgressRule'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec } = rule
  const hostname = spec.destination.service ?? ''
  const winner = registry.service(hostname)?.stored.resource
  return [
    ...(winner === undefined || keyOf(nameOf(winner)) === keyOf(nameOf(rule))
      ? []
      : [hostnameTaken(hostname, keyOf(nameOf(winner)))]),
    ...(hostname.startsWith('*') ? spec.ports.flatMap(byConnection) : []),
  ]
}

const hostnameTaken = (hostname: string, winner: string): Diagnostic => ({
  code: 'RUT2031',
  severity: 'warning',
  path: '/spec/destination/service',
  message: `${winner} has ${hostname} too and goes first: this rule has no effect. Put all ports of a host into one rule.`,
})

const byConnection = ({ protocol }: { readonly protocol: string }, i: number): readonly Diagnostic[] =>
  protocol === 'TCP' || protocol === 'Mongo'
    ? [
        {
          code: 'RUT2060',
          severity: 'warning',
          path: `/spec/ports/${i}/protocol`,
          message: `Connections of ${protocol} do not say which domain they are for, so a domain with * cannot be told by them. Name the host, or a subnet.`,
        },
      ]
    : []
