import type { IngressRuleSpec } from '../../src/model/ingressRule.ts'
import type { StringMatch } from '../../src/model/routeRule.ts'
import { type RandomRules, randomMatch, randomRouteRules } from './randomRules.ts'

/** RouteRules of 2017 for `service`, and one to four IngressRules that lead to it, to another or to nobody. */
export const randomIngressRules: RandomRules = (draw, service, others) => [
  ...randomRouteRules(draw, service, others),
  ...Array.from({ length: draw.whole(1, 4) }, (_, i) => {
    const authority: StringMatch | undefined = draw.one([
      { exact: service },
      { exact: `${service}.test` },
      { exact: `x.${service}.test` },
      ...(draw.chance(0.1) ? [undefined] : []),
    ])
    const { uri } = randomMatch(draw).request?.headers ?? {}
    const spec: IngressRuleSpec = {
      destination: { name: draw.chance(0.8) ? service : draw.one([...others, 'nobody']) },
      ...draw.one([{ destinationPort: 9080 }, { destinationPort: 80 }, { destinationPortName: 'http' }]),
      match: {
        request: { headers: { ...(authority && { authority }), ...(uri && { uri }) } },
      },
    }
    return {
      apiVersion: 'config.istio.io/v1alpha2' as const,
      kind: 'IngressRule' as const,
      metadata: { name: `${service}-in-${i}`, namespace: 'default' },
      spec,
    }
  }),
]
