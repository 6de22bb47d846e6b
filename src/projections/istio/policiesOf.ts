import type { DestinationRuleSpec, PortTrafficPolicy } from '../../model/istio/destinationRule.ts'

/** Every policy of a DestinationRule: of the whole, of subsets and of ports, with its path below `spec`. */
export const pathsOfPolicies = ({
  trafficPolicy,
  subsets = [],
}: DestinationRuleSpec): readonly (readonly [string, PortTrafficPolicy])[] =>
  [
    ['trafficPolicy', trafficPolicy] as const,
    ...subsets.map(({ trafficPolicy: policy }, i) => [`subsets/${i}/trafficPolicy`, policy] as const),
  ].flatMap(([path, policy]) =>
    policy === undefined
      ? []
      : [
          [path, policy] as const,
          ...(policy.portLevelSettings ?? []).map(
            (settings, i) => [`${path}/portLevelSettings/${i}`, settings] as const,
          ),
        ],
  )

/** The same without their paths. */
export const policiesOf = (spec: DestinationRuleSpec): readonly PortTrafficPolicy[] =>
  pathsOfPolicies(spec).map(([, policy]) => policy)
