import { httpProxyName } from '../listeners/httpProxyListener.ts'
import type { SliceVariant } from './slice.ts'
import { standingPorts } from './standingPorts.ts'

/** Route configurations that a listener names whatever services there are: without them it would wait for its routes,
 *  and keep those that it had when the last service goes. */
export const standingTables = (variant: SliceVariant): readonly string[] =>
  variant.mode === 'proxy' ? [httpProxyName] : standingPorts(variant).map(String)
