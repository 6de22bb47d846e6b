import { typeUrlOf, type XdsType, xdsTypes } from '../model/xds.ts'
import type { XdsRequest } from '../model/xdsMessage.ts'
import { subscribeDelta } from './delta.ts'
import type { Effect } from './effect.ts'
import { acceptGroup } from './isolation.ts'
import { isForeignNonce, isWholeSet, type Ledger, landFlight } from './ledger.ts'
import { refuse } from './refusal.ts'
import { put } from './sortedList.ts'
import { subscribeSotw } from './sotw.ts'
import { ledgerOf, ledgersOf, type StreamState } from './streamState.ts'
import { unknownResource } from './unknownResource.ts'

// gRPC status codes.
const invalidArgument = 3
const resourceExhausted = 8

/** Takes over what a client says: its answer to a response, and what it wants from now on. Gives back how the stream
 *  is to end where the request breaks the protocol or a bound. */
export const takeRequest = (state: StreamState, request: XdsRequest, nowMs: number): Effect | undefined => {
  for (const { flights } of ledgersOf(state))
    for (const flight of flights) flight.heardAtMs = Math.min(flight.heardAtMs, nowMs)
  const type = typeOf(state, request.typeUrl)
  if (type === 'missing')
    return refusal(invalidArgument, 'a request on the aggregated service needs a type_url')
  if (type === 'other') return refusal(invalidArgument, `this service serves no ${request.typeUrl}`)
  if (type === 'unserved') {
    state.counters.ignored += 1
    return undefined
  }
  const first = state.ledgers[type] === undefined
  const foreign = request.nonce !== '' && isForeignNonce(type, request.nonce)
  if (foreign && saysNothing(request)) {
    state.counters.ignored += 1
    return undefined
  }
  const ledger = ledgerOf(state, type)
  const wasWildcard = ledger.wildcard
  if (request.body.protocol === 'sotw') takeSotw(state, ledger, request, request.body, first)
  else takeDelta(state, ledger, request, request.body, first)
  if (ledger.wildcard && !wasWildcard) for (const name of state.intended.names(type)) ledger.dirty.add(name)
  if (ledger.names.length > state.limits.maxNames)
    return refusal(resourceExhausted, `more than ${state.limits.maxNames} names of one type`)
  return undefined
}

const refusal = (code: number, message: string): Effect => ({ type: 'end', code, message })

const typeOf = (state: StreamState, typeUrl: string): XdsType | 'missing' | 'other' | 'unserved' => {
  if (state.service !== 'ads')
    return typeUrl === '' || typeUrl === typeUrlOf[state.service] ? state.service : 'other'
  if (typeUrl === '') return 'missing'
  return xdsTypes.find((type) => typeUrlOf[type] === typeUrl) ?? 'unserved'
}

// Under a foreign nonce a state-of-the-world request is stale as a whole; a delta request still changes subscriptions.
const saysNothing = ({ body }: XdsRequest): boolean =>
  body.protocol === 'sotw' || (body.subscribe.length === 0 && body.unsubscribe.length === 0)

// Envoy takes all clusters and listeners when it names none. Of endpoints and routes it then wants none; a bare node
// may be another client.
const legacyWildcard = (state: StreamState, type: XdsType): boolean => isWholeSet(type) || !state.ordered

const current =
  ({ intended }: StreamState, { type }: Ledger) =>
  (name: string) =>
    intended.get(type, name)

type Body<Protocol> = Extract<XdsRequest['body'], { readonly protocol: Protocol }>

const takeSotw = (
  state: StreamState,
  ledger: Ledger,
  request: XdsRequest,
  { names, version }: Body<'sotw'>,
  first: boolean,
): void => {
  const landed = takeAnswer(state, ledger, request)
  const stale = request.nonce !== '' && ledger.nonce !== '' && request.nonce !== ledger.nonce
  if (stale) return
  const count = ledger.names.length
  subscribeSotw(ledger, names, legacyWildcard(state, ledger.type), current(state, ledger))
  if (first && version !== '' && state.ordered && ledger.type === 'routes')
    for (const name of ledger.names) put(ledger.sent, unknownResource(name, ''))
  // A cluster that warms again asks for its endpoints by what looks like the same answer given twice.
  const again =
    request.nonce !== '' && request.nonce === ledger.nonce && !landed && request.error === undefined
  if (again && ledger.type === 'endpoints' && ledger.asked.size === 0 && ledger.names.length === count)
    for (const name of ledger.names) ledger.asked.add(name)
}

const takeDelta = (
  state: StreamState,
  ledger: Ledger,
  request: XdsRequest,
  body: Body<'delta'>,
  first: boolean,
): void => {
  takeAnswer(state, ledger, request)
  subscribeDelta(ledger, body, first, legacyWildcard(state, ledger.type), current(state, ledger))
}

const takeAnswer = (state: StreamState, ledger: Ledger, { nonce, error }: XdsRequest): boolean => {
  if (nonce === '') return false
  const flight = landFlight(ledger, nonce, state.protocol === 'sotw')
  if (flight === undefined) return false
  for (const [name, { now }] of flight.entries)
    if (ledger.probed?.get(name) === now?.version) ledger.probed?.delete(name)
  if (error !== undefined) {
    refuse(state, ledger, flight, error.message)
    return true
  }
  state.counters.acked += 1
  ledger.slow = false
  if (ledger.type === 'routes')
    for (const name of flight.entries.keys()) if (acceptGroup(state, name)) ledger.dirty.add(name)
  return true
}
