import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { FleetAnswer, FleetQuestion } from '../model/fleet.ts'
import type {
  AgentStatus,
  EndpointsFrame,
  Fragment,
  Frame,
  SyncAnswer,
  SyncRequest,
  Verdict,
} from '../model/frame.ts'
import { packed, unpacked } from '../wire/packed.ts'

const position = t.number
const key = t.type({
  kind: t.keyof({
    clusters: null,
    endpoints: null,
    listeners: null,
    routes: null,
    secrets: null,
    routeTables: null,
    virtualHosts: null,
  }),
  table: t.string,
  name: t.string,
})
const cause = t.type({ kind: t.string, namespace: t.string, name: t.string, position })
const fragment = t.intersection([
  key,
  t.type({ version: t.string, causes: t.readonlyArray(cause), length: t.Int }),
  t.partial({ clusters: t.readonlyArray(t.string), lingers: t.literal(true), endpoints: t.string }),
])
const change = { put: t.readonlyArray(fragment), gone: t.readonlyArray(key) }
const contentChange = t.intersection([
  t.type({ ...change, topic: t.string, position, after: t.string }),
  t.partial({ before: t.string }),
])
const frame = t.union(
  [
    t.intersection([t.type({ type: t.literal('view') }), contentChange]),
    t.type({ type: t.literal('endpoints'), topic: t.string, position, fragment }),
    t.intersection([
      t.type({ type: t.literal('proxy'), view: t.string }),
      contentChange,
      t.partial({ turn: t.type({ ...change, from: t.string, before: t.string, after: t.string }) }),
    ]),
  ],
  'frame',
)
const mark = t.type({ digest: t.string, position })
const standing = t.type({
  own: mark,
  view: t.intersection([mark, t.type({ topic: t.string })]),
  endpoints: mark,
})
const metadata = t.partial({
  httpProxy: t.type({ address: t.string, port: t.Int }),
  labels: t.record(t.string, t.string),
  ips: t.readonlyArray(t.string),
})
const syncRequest = t.intersection(
  [t.type({ node: t.string, metadata, standing }), t.partial({ log: t.string })],
  'sync request',
)
const answer = t.union(
  [
    t.type({ type: t.literal('missing'), frames: t.readonlyArray(frame), standing, log: t.string }),
    t.type({ type: t.literal('behind'), position }),
    t.type({ type: t.literal('refused'), reason: t.string }),
  ],
  'sync answer',
)
const rejection = t.intersection([
  t.type({ typeUrl: t.string, resource: t.string, message: t.string }),
  t.partial({ cause }),
])
const proxyStatus = t.type({
  id: t.string,
  type: t.keyof({ sidecar: null, ingress: null, router: null, bare: null }),
  connected: t.boolean,
  state: t.keyof({ synced: null, pending: null, rejected: null, silent: null }),
  ackedPosition: position,
  rejections: t.readonlyArray(rejection),
})
const status = t.intersection(
  [
    t.type({ node: t.string, metadata, standing, status: proxyStatus, position }),
    t.partial({ log: t.string }),
  ],
  'status',
)

const fleetQuestion = t.type({ position, waitMs: t.number }, 'question about proxies')
const waited = t.keyof({ acknowledged: null, unaffected: null, rejected: null, pending: null, silent: null })
const fleetAnswer = t.type(
  { proxies: t.readonlyArray(t.type({ status: proxyStatus, waited })) },
  'answer about proxies',
)

/** A frame as it goes over the bus. */
export const encodeFrame = (message: Frame): Uint8Array =>
  message.type === 'endpoints' ? encodeEndpoints(message) : encode(message)
/** The frame in a message; Left says why there is none. */
export const decodeFrame = (message: Uint8Array): Either<string, Frame> => decode<Frame>(message, frame)

/** What an asker misses, as it goes over the bus, before it is cut into chunks. */
export const encodeSyncAnswer = (message: SyncAnswer): Uint8Array => encode(message)
/** The answer in a message; Left says why there is none. */
export const decodeSyncAnswer = (message: Uint8Array): Either<string, SyncAnswer> =>
  decode<SyncAnswer>(message, answer)

/** A request for what is missing, as it goes over the bus. */
export const encodeSyncRequest = (message: SyncRequest): Uint8Array => encodePlain(message)
/** The request in a message; Left says why there is none. */
export const decodeSyncRequest = (message: Uint8Array): Either<string, SyncRequest> =>
  decodePlain<SyncRequest>(message, syncRequest)

/** An agent's status as it goes over the bus. */
export const encodeAgentStatus = (message: AgentStatus): Uint8Array => encodePlain(message)
/** The status in a message; Left says why there is none. */
export const decodeAgentStatus = (message: Uint8Array): Either<string, AgentStatus> =>
  decodePlain<AgentStatus>(message, status)

/** What a controller finds of a status, as it goes over the bus: one word. */
export const encodeVerdict = (verdict: Verdict): string => verdict
/** The verdict in a message; Left says why there is none. */
export const decodeVerdict = (message: Uint8Array): Either<string, Verdict> => {
  const found = verdicts.find((verdict) => Buffer.compare(Buffer.from(verdict), message) === 0)
  return found === undefined ? left('the message is no verdict') : right(found)
}

const verdicts: readonly Verdict[] = ['equal', 'onItsWay', 'missing']

/** What a controller asks others about proxies, as it goes over the bus. */
export const encodeFleetQuestion = (message: FleetQuestion): Uint8Array => encodePlain(message)
/** The question in a message; Left says why there is none. */
export const decodeFleetQuestion = (message: Uint8Array): Either<string, FleetQuestion> =>
  decodePlain<FleetQuestion>(message, fleetQuestion)

/** What a controller answers about proxies, as it goes over the bus, before it is cut into chunks. */
export const encodeFleetAnswer = (message: FleetAnswer): Uint8Array => encodePlain(message)
/** The answer in a message; Left says why there is none. */
export const decodeFleetAnswer = (message: Uint8Array): Either<string, FleetAnswer> =>
  decodePlain<FleetAnswer>(message, fleetAnswer)

// Bytes of fragments stand behind the header, in the order in which the header names their lengths.
const encode = (message: object): Uint8Array => {
  const blobs: Uint8Array[] = []
  const header = JSON.stringify(message, (_, value: unknown) => {
    if (!isFragment(value)) return value
    const { bytes, ...rest } = value
    blobs.push(bytes)
    return { ...rest, length: bytes.length }
  })
  return packed(header, blobs)
}

/** As `encode` does, for what is said a thousand times a second. */
const encodeEndpoints = (message: EndpointsFrame): Uint8Array => {
  const { bytes, ...rest } = message.fragment
  const header = JSON.stringify({ ...message, fragment: { ...rest, length: bytes.length } })
  return packed(header, [bytes])
}

/** Of what has no fragments: thousands of agents say such things all the time. */
const encodePlain = (message: object): Uint8Array => packed(JSON.stringify(message), [])

const isFragment = (value: unknown): value is Fragment =>
  typeof value === 'object' && value !== null && 'bytes' in value && value.bytes instanceof Uint8Array

type HeaderCodec = { readonly name: string; decode(header: unknown): Either<unknown, unknown> }

const decodeParts = <Header>(
  message: Uint8Array,
  codec: HeaderCodec,
): Either<string, { readonly header: Header; readonly rest: Uint8Array }> => {
  const parts = unpacked(message)
  if (isLeft(parts)) return parts
  const { header, rest } = parts.right
  if (isLeft(codec.decode(header))) return left(`the header is none of a ${codec.name}`)
  return right({ header: header as Header, rest })
}

const decodePlain = <Message>(message: Uint8Array, codec: HeaderCodec): Either<string, Message> => {
  const parts = decodeParts<Message>(message, codec)
  if (isLeft(parts)) return parts
  const { header, rest } = parts.right
  return rest.length === 0 ? right(header) : left(`the bytes are ${rest.length}, not 0`)
}

const decode = <Message>(message: Uint8Array, codec: HeaderCodec): Either<string, Message> => {
  const parts = decodeParts<unknown>(message, codec)
  if (isLeft(parts)) return parts
  const { header, rest } = parts.right
  let from = 0
  const withBytes = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(withBytes)
    if (typeof value !== 'object' || value === null) return value
    if ('length' in value && 'version' in value) {
      const { length, ...fragment } = value
      const bytes = rest.subarray(from, from + Number(length))
      from += Number(length)
      return { ...fragment, bytes }
    }
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withBytes(one)]))
  }
  const whole = withBytes(header) as Message
  return from === rest.length ? right(whole) : left(`the bytes are ${rest.length}, not ${from}`)
}
