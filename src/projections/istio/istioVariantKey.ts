import type { Registry } from '../registry.ts'
import type { CallerTraits } from './callerCondition.ts'
import { destinationRulesOf, isFor } from './destinationRuleFor.ts'

/** Which of Istio's rules for these hostnames hold for callers of `variant`: what a slice depends on of them beside
 *  the registry. Empty where there are none. */
export const istioVariantKey = (
  hostnames: readonly string[],
  variant: CallerTraits,
  registry: Registry,
): string =>
  hostnames
    .flatMap((hostname) =>
      destinationRulesOf(hostname, registry).map((rule) =>
        isFor(rule, hostname, variant, registry)
          ? rule.resource.metadata.namespace === variant.namespace
            ? 'near'
            : 'far'
          : '-',
      ),
    )
    .join(' ')
