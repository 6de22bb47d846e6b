import type { Resource } from '../model/resource.ts'
import type { Converted } from './loss.ts'
import { toIstio } from './toIstio.ts'
import { toV1alpha2 } from './toV1alpha2.ts'

/** The dialects of rules. */
export const dialects = ['istio', 'v1alpha2'] as const
export type Dialect = (typeof dialects)[number]

/** `resources` in the words of `dialect`, in a mesh of this domain, and what is lost by that. Requests land as before
 *  where nothing is lost, but for two things that neither dialect says: 2017 lets WebSockets through where a rule says
 *  so and Istio always does; Istio tries again by itself. */
export const convert = (resources: readonly Resource[], dialect: Dialect, domain: string): Converted =>
  dialect === 'istio' ? toIstio(resources, domain) : toV1alpha2(resources, domain)
