import { randomUUID } from 'node:crypto'
import type { NatsLink } from './connectNats.ts'
import { turnSubject } from './meshStream.ts'

/** Turns of those who write to one log. Who has just appended knows the new end first, and could win for ever. */
export type Turns = {
  /** True when another asked for its turn a moment ago, and this one has not lost since: it should hold back until
   *  another's entry is there, `holdBackMs` at most. */
  isAnothers(): boolean
  /** An append met another's entry. From the second in a row on, the others are asked to hold back. */
  lost(): void
  won(): void
  close(): void
}

/** How long an asking counts, and how long anybody holds back for it. */
export const holdBackMs = 50

/** Takes part in the turns of a mesh's log. What is asked travels by plain NATS: when it is lost, only time is. */
export const takeTurns = ({ connection, connected }: NatsLink, mesh: string): Turns => {
  const me = randomUUID()
  let lostInARow = 0
  let askedAtMs = Number.NEGATIVE_INFINITY
  const subscription = connection.subscribe(turnSubject(mesh), {
    callback: (error, message) => {
      if (error === null && message.string() !== me) askedAtMs = performance.now()
    },
  })
  return {
    isAnothers: () => {
      if (lostInARow > 0 || performance.now() - askedAtMs > holdBackMs) return false
      askedAtMs = Number.NEGATIVE_INFINITY
      return true
    },
    lost: () => {
      lostInARow += 1
      if (lostInARow > 1 && connected()) connection.publish(turnSubject(mesh), me)
    },
    won: () => {
      lostInARow = 0
    },
    close: () => subscription.unsubscribe(),
  }
}
