import { defaultIngressPort } from '../../model/ingressHost.ts'
import type { SliceVariant } from './slice.ts'

/** An ingress answers on its port whatever rules there are: who asks for what it does not have gets 404. */
export const standingPorts = ({ mode }: SliceVariant): readonly number[] =>
  mode === 'ingress' ? [defaultIngressPort] : []
