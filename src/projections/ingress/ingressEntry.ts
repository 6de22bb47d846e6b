import type { Position } from '../../model/entry.ts'
import type { IngressRuleSpec } from '../../model/ingressRule.ts'
import type { Metadata } from '../../model/resource.ts'

/** One rule of ingress proxies, of whatever dialect, in the form of 2017's, whose words say all that is needed; its
 *  kind and name are those of the resource that it is of. */
export type IngressEntry = {
  readonly resource: {
    readonly kind: 'IngressRule' | 'Ingress'
    readonly metadata: Metadata
    readonly spec: IngressRuleSpec
  }
  readonly position: Position
}
