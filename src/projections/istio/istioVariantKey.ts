import type { Resource } from '../../model/resource.ts'
import type { Registry } from '../registry/registry.ts'
import type { SliceVariant } from '../views/slice.ts'
import { type CallerTraits, isExportedTo, meets } from './callerCondition.ts'
import { delegateOf } from './delegateOf.ts'
import { destinationRulesOf, isFor } from './destinationRuleFor.ts'
import { policiesOf } from './policiesOf.ts'
import { secretsNamespace } from './secretsNamespace.ts'

type Labels = Readonly<Record<string, string>>

/** Which of Istio's rules for these hostnames hold for callers of `variant`: what a slice depends on of them beside
 *  the registry. Empty where there are none. */
export const istioVariantKey = (
  hostnames: readonly string[],
  variant: CallerTraits & Pick<SliceVariant, 'locality' | 'mode'>,
  registry: Registry,
): string =>
  [
    ...hostnames
      .slice(0, 1)
      .flatMap((hostname) =>
        registry.istio.meshVirtualServices
          .taking(hostname)
          .map((rule) => heldConditions(rule.resource, variant, registry)),
      ),
    ...hostnames.flatMap((hostname) =>
      destinationRulesOf(hostname, registry).map((rule) =>
        isFor(rule, hostname, variant, registry)
          ? rule.resource.metadata.namespace === variant.namespace
            ? `near${placeFor(rule.resource, variant)}`
            : `far${placeFor(rule.resource, variant)}${secretsFor(rule.resource, variant)}`
          : '-',
      ),
    ),
  ].join(' ')

/** Where the caller is, where it matters to what `rule` says. */
const placeFor = (
  { spec }: Resource<'DestinationRule'>,
  { locality }: Pick<SliceVariant, 'locality'>,
): string =>
  policiesOf(spec).some(({ loadBalancer }) => loadBalancer?.localityLbSetting !== undefined)
    ? `@${locality}`
    : ''

/** Whose secrets `rule` means, where it names any: callers of its own namespace have those. */
const secretsFor = (
  rule: Resource<'DestinationRule'>,
  variant: Pick<SliceVariant, 'mode' | 'namespace'>,
): string =>
  policiesOf(rule.spec).some(({ tls }) => (tls?.credentialName ?? tls?.caCertCredentialName) !== undefined)
    ? `#${secretsNamespace(rule, variant) ?? ''}`
    : ''

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
