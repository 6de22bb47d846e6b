import type { IngressRuleSpec } from '../../model/ingressRule.ts'

/** The name of the secret that `spec.tlsSecret` (`name.namespace`) means, `<namespace>/<name>`. */
export const ingressSecret = ({ tlsSecret }: IngressRuleSpec): string | undefined => {
  if (tlsSecret === undefined) return undefined
  const dot = tlsSecret.lastIndexOf('.')
  return `${tlsSecret.slice(dot + 1)}/${tlsSecret.slice(0, dot)}`
}
