import type { Position } from './entry.ts'
import type { ProxyType } from './proxy.ts'
import type { Cause } from './xds.ts'

/** A resource that an Envoy refused, with its reason and what caused it, where that is known. */
export type ProxyRejection = {
  readonly typeUrl: string
  /** Empty where neither Envoy's text nor the response tells. */
  readonly resource: string
  readonly message: string
  readonly cause?: Cause
}

/** One proxy of the fleet (contract §5). */
export type ProxyStatus = {
  readonly id: string
  readonly type: ProxyType | 'bare'
  readonly connected: boolean
  readonly state: 'synced' | 'pending' | 'rejected' | 'silent'
  /** The newest position whose projection for this proxy equals what it acknowledged. */
  readonly ackedPosition: Position
  readonly rejections: readonly ProxyRejection[]
}

/** How one proxy stands to a position: it acknowledged it, did not need it, refused something, still works on it,
 *  or says nothing. An outstanding refusal counts as `rejected`, of whatever position. */
export type WaitedState = 'acknowledged' | 'unaffected' | 'rejected' | 'pending' | 'silent'

/** How the fleet stands to a position (contract §9). The counts sum to the proxies. */
export type Waited = Readonly<Record<WaitedState, number>> & {
  readonly position: Position
  readonly proxies: readonly { readonly id: string; readonly state: WaitedState }[]
}

/** One controller asks another how the proxies that it knows stand to a position: as soon as none is pending, one has
 *  refused or `waitMs` have passed. */
export type FleetQuestion = { readonly position: Position; readonly waitMs: number }

/** The proxies that are or were connected to the controller that answers; those with agents everybody knows. */
export type FleetAnswer = {
  readonly proxies: readonly { readonly status: ProxyStatus; readonly waited: WaitedState }[]
}
