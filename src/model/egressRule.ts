import type { IstioService } from './routeRule.ts'

/** An egress rule of 2017 (`config.istio.io/v1alpha2`): only `service` names its destination. */
export type EgressRuleSpec = {
  readonly destination: IstioService
  readonly ports: readonly { readonly port: number; readonly protocol: string }[]
  readonly useEgressProxy?: boolean
}
