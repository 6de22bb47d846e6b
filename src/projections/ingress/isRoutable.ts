import type { IngressRuleSpec } from '../../model/ingressRule.ts'

/** False for a rule that must take nothing: it is for TLS, which is not served yet and must not become plain text, or
 *  has a condition on its caller, who is outside of the mesh. */
export const isRoutable = ({ tlsSecret, match }: IngressRuleSpec): boolean =>
  tlsSecret === undefined &&
  match?.source === undefined &&
  match?.tcp === undefined &&
  match?.udp === undefined
