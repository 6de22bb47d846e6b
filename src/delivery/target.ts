import type { VirtualHostPart, XdsResource } from '../model/xds.ts'
import { composeRoutes, sameRoutes } from './composeRoutes.ts'
import { isWaiting } from './isolation.ts'
import type { Ledger } from './ledger.ts'
import { isParked } from './parking.ts'
import { isOnItsWay, isReady } from './readiness.ts'
import { find } from './sortedList.ts'
import type { StreamState } from './streamState.ts'
import { isUnknown } from './unknownResource.ts'

/** What the client should have under `name` as things stand: what is intended, or, as long as that was refused or has
 *  to wait, what it has. Undefined: nothing. */
export const target = (state: StreamState, ledger: Ledger, name: string): XdsResource | undefined => {
  const sent = find(ledger.sent, name)
  const intended = state.intended.get(ledger.type, name)
  if (intended === undefined) return keepsUntilUnnamed(state, ledger, name) ? sent : undefined
  if (ledger.probes?.has(name) === true || isParked(state, ledger.type, name, intended.version)) return sent
  if (!state.ordered || sent?.version === intended.version) return intended
  if (ledger.type === 'clusters' && sent === undefined && cannotWarm(state, name)) return undefined
  if (ledger.type === 'routes' && intended.parts !== undefined)
    return routesTarget(state, intended, intended.parts, sent)
  return (intended.clusters ?? []).every((cluster) => isReady(state, cluster)) ? intended : sent
}

/** True of a cluster that Envoy will not get to use: it refused its endpoints and has no earlier ones. */
export const cannotWarm = (state: StreamState, cluster: string): boolean => {
  const endpoints = state.ledgers.endpoints
  if (state.parked.size === 0 || endpoints === undefined || find(endpoints.sent, cluster) !== undefined)
    return false
  const intended = state.intended.get('endpoints', cluster)
  return intended !== undefined && isParked(state, 'endpoints', cluster, intended.version)
}

/** True when what went stays for now. Of listeners nothing depends, so that they go with the next change, but for
 *  those that callers elsewhere still come to. */
export const keepsUntilUnnamed = (state: StreamState, { type, sent }: Ledger, name: string): boolean =>
  state.ordered && (type !== 'listeners' || find(sent, name)?.lingers === true)

const routesTarget = (
  state: StreamState,
  intended: XdsResource,
  parts: readonly VirtualHostPart[],
  sent: XdsResource | undefined,
): XdsResource | undefined => {
  const old = new Map(sent?.parts?.map((part) => [part.name, part]))
  const usable = (part: VirtualHostPart): boolean =>
    old.get(part.name)?.version === part.version || mayBeSent(state, intended.name, part)
  if (parts.every(usable)) return intended
  // Without these it would answer 404 for what it is about to have.
  if (sent === undefined && parts.some((part) => !usable(part) && isComing(state, part))) return undefined
  // What only the client has cannot be mixed with what is new.
  if (sent !== undefined && isUnknown(sent)) return sent
  const mixed = parts.flatMap((part) => (usable(part) ? part : (old.get(part.name) ?? [])))
  return sent !== undefined && sameRoutes(sent, mixed, intended) ? sent : composeRoutes(intended, mixed)
}

const isComing = (state: StreamState, { clusters }: VirtualHostPart): boolean =>
  clusters.some((cluster) => isOnItsWay(state, cluster))

const mayBeSent = (state: StreamState, name: string, part: VirtualHostPart): boolean =>
  !isParked(state, 'routes', name, part.version, part.name) &&
  !isWaiting(state.isolations.get(name), part) &&
  part.clusters.every((cluster) => isReady(state, cluster))
