import type { IstioService, RuleMatch } from './routeRule.ts'

/** An ingress rule of 2017 (`config.istio.io/v1alpha2`). */
export type IngressRuleSpec = {
  readonly destination: IstioService
  readonly destinationPort?: number
  readonly destinationPortName?: string
  readonly port?: number
  readonly tlsSecret?: string
  readonly precedence?: number
  readonly match?: RuleMatch
}
