import { type Either, left, right } from 'fp-ts/lib/Either.js'
import type { Envelope } from '../model/event.ts'

/** An event of the log that this build cannot read: of a later build, or of none. `index` counts from 0. */
export type UnknownEvent = {
  readonly _tag: 'UnknownEvent'
  readonly index: number
  readonly message: string
}

type Upcaster = (stored: Envelope) => Envelope

// By type, then by the version that was stored; the newest version passes as it stands.
const upcasters: ReadonlyMap<string, ReadonlyMap<number, Upcaster>> = new Map(
  (
    [
      'ServiceRegistered',
      'ServiceRemoved',
      'InstanceJoined',
      'InstanceLeft',
      'ConfigApplied',
      'ConfigRemoved',
      'MeshSettingsChanged',
    ] satisfies Envelope['type'][]
  ).map((type) => [type, new Map([[1, (stored: Envelope) => stored]])]),
)

/** The events of one stored entry in today's shape. They were decoded in full before they were appended, so only
 *  type and version are looked at here: a replay must not pay for io-ts. */
export const eventsFromStored = (stored: unknown): Either<UnknownEvent, readonly Envelope[]> => {
  if (!Array.isArray(stored) || stored.length === 0) return unknown(0, 'an entry holds a list of events')
  for (let index = 0; index < stored.length; index += 1) {
    const event: unknown = stored[index]
    if (!looksLikeEvent(event)) return unknown(index, 'an event has type, v, at and data')
    const upcast = upcasters.get(event.type)?.get(event.v)
    if (upcast === undefined) return unknown(index, `no event is called ${event.type} in version ${event.v}`)
    stored[index] = upcast(event)
  }
  return right(stored as readonly Envelope[])
}

const looksLikeEvent = (event: unknown): event is Envelope => {
  if (typeof event !== 'object' || event === null) return false
  const { type, v, at, data } = event as Record<string, unknown>
  return (
    typeof type === 'string' &&
    typeof v === 'number' &&
    typeof at === 'string' &&
    typeof data === 'object' &&
    data !== null
  )
}

const unknown = (index: number, message: string): Either<UnknownEvent, never> =>
  left({ _tag: 'UnknownEvent', index, message })
