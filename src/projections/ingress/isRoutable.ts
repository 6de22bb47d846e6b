import type { IngressRuleSpec } from '../../model/ingressRule.ts'

/** False for a rule that must take nothing: it has a condition on its caller, who is outside of the mesh. */
export const isRoutable = ({ match }: IngressRuleSpec): boolean =>
  match?.source === undefined && match?.tcp === undefined && match?.udp === undefined
