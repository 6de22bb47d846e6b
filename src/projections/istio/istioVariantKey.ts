import type { Resource } from '../../model/resource.ts'
import type { Registry } from '../registry.ts'
import { type CallerTraits, isExportedTo, meets } from './callerCondition.ts'
import { delegateOf } from './delegateOf.ts'
import { destinationRulesOf, isFor } from './destinationRuleFor.ts'
import { meshVirtualServicesOf } from './virtualServiceFor.ts'

type Labels = Readonly<Record<string, string>>

/** Which of Istio's rules for these hostnames hold for callers of `variant`: what a slice depends on of them beside
 *  the registry. Empty where there are none. */
export const istioVariantKey = (
  hostnames: readonly string[],
  variant: CallerTraits,
  registry: Registry,
): string =>
  [
    ...hostnames
      .slice(0, 1)
      .flatMap((hostname) =>
        meshVirtualServicesOf(hostname, registry).map((rule) =>
          heldConditions(rule.resource, variant, registry),
        ),
      ),
    ...hostnames.flatMap((hostname) =>
      destinationRulesOf(hostname, registry).map((rule) =>
        isFor(rule, hostname, variant, registry)
          ? rule.resource.metadata.namespace === variant.namespace
            ? 'near'
            : 'far'
          : '-',
      ),
    ),
  ].join(' ')

/** Of each condition on callers that `rule`, or one that it delegates to, has: whether it is met. */
const heldConditions = (
  rule: Resource<'VirtualService'>,
  variant: CallerTraits,
  registry: Registry,
): string => {
  const { http = [], tcp = [], tls = [], exportTo } = rule.spec
  const matches: readonly { readonly sourceLabels?: Labels; readonly sourceNamespace?: string }[] = [
    ...http.flatMap(({ match = [] }) => match),
    ...tcp.flatMap(({ match = [] }) => match),
    ...tls.flatMap(({ match }) => match),
  ]
  const delegates = http.flatMap(({ delegate }) => {
    const found = delegate && delegateOf(rule, delegate, registry)
    return found === undefined ? [] : [heldConditions(found.resource, variant, registry)]
  })
  const held = matches.map(({ sourceLabels, sourceNamespace }) =>
    meets(
      {
        ...(sourceLabels && { labels: sourceLabels }),
        ...(sourceNamespace !== undefined && { namespace: sourceNamespace }),
      },
      variant,
    ),
  )
  return [isExportedTo(exportTo, rule.metadata.namespace, variant), ...held]
    .map((one) => (one ? '1' : '0'))
    .join('')
    .concat(...delegates)
}
