import type { TrafficPolicy } from '../model/istio/destinationRule.ts'
import type { Resource } from '../model/resource.ts'
import { type Lose, loseOthers } from './loss.ts'
import { withoutOriginatedTls } from './originatedTls.ts'
import { policyOf } from './policyOf.ts'
import { serviceOf } from './ruleHost.ts'

const apiVersion = 'config.istio.io/v1alpha2'

/** The DestinationPolicies that a DestinationRule comes to: of the whole, and of each subset. `outside` are the hosts of
 *  ServiceEntries. */
export const policiesOf = (
  rule: Resource<'DestinationRule'>,
  outside: ReadonlySet<string>,
  domain: string,
  lose: Lose,
): readonly Resource<'DestinationPolicy'>[] => {
  const { metadata } = rule
  const spec = outside.has(rule.spec.host)
    ? { ...rule.spec, trafficPolicy: withoutOriginatedTls(rule.spec.trafficPolicy, rule.spec.host) }
    : rule.spec
  const { namespace, name } = metadata
  loseOthers(spec, ['host', 'trafficPolicy', 'subsets'], '/spec', lose)
  const destination = serviceOf(spec.host, namespace, domain)
  if (destination === undefined) {
    lose('/spec/host', 'a policy of 2017 is for one service: the document is left out')
    return []
  }
  const policy = (
    suffix: string,
    labels: Readonly<Record<string, string>> | undefined,
    made: ReturnType<typeof policyOf>,
  ): readonly Resource<'DestinationPolicy'>[] =>
    made === undefined
      ? []
      : [
          {
            apiVersion,
            kind: 'DestinationPolicy',
            metadata: { name: `${name}${suffix}`, namespace },
            spec: { destination: labels === undefined ? destination : { ...destination, labels }, ...made },
          },
        ]
  return [
    ...policy('', undefined, policyOf(spec.trafficPolicy, '/spec/trafficPolicy', lose)),
    // A subset has what is said of the whole, part by part, unless it says otherwise; in 2017 it had nothing of it.
    ...(spec.subsets ?? []).flatMap(({ name: subset, labels, trafficPolicy }, i) =>
      labels === undefined
        ? []
        : policy(
            `-${subset.toLowerCase()}`,
            labels,
            policyOf(
              { ...spec.trafficPolicy, ...trafficPolicy },
              `/spec/subsets/${i}/trafficPolicy`,
              ofOwn(trafficPolicy, `/spec/subsets/${i}/trafficPolicy`, lose),
            ),
          ),
    ),
  ]
}

/** What is lost of `policy` at `path`; what it has of the whole is told there. */
const ofOwn =
  (policy: TrafficPolicy | undefined, path: string, lose: Lose): Lose =>
  (lost, message) => {
    const [key = ''] = lost.slice(path.length + 1).split('/')
    if (policy !== undefined && key in policy) lose(lost, message)
  }
