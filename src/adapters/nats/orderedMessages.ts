import { setTimeout as pause } from 'node:timers/promises'
import { type ConsumerMessages, DeliverPolicy, JetStreamApiError, type JsMsg } from '@nats-io/jetstream'
import { logDamaged } from '../log/logDamaged.ts'
import type { NatsLink } from './connectNats.ts'
import type { EventStream } from './eventStream.ts'

export type OrderedOptions = {
  /** The first sequence that is wanted. */
  readonly from: number
  readonly signal: AbortSignal
  /** Told whenever a consumer was lost and another is made. */
  readonly onRetry: (reason: string) => void
}

/** A pull asks for this much at most, which bounds what waits in memory for a reader that is slow. Several times the
 *  largest message, so that each fits. */
const windowBytes = 16 * 2 ** 20
/** Pulls are renewed this often; the server beats twice as often, and two beats that fail to come end a consumer. */
const pullMs = 2_000
/** A server forgets consumers that nobody asks for so long; those that were left are deleted as well. */
const forgottenAfterMs = 30_000
const longestPauseMs = 1_000
/** A stream that is not found so often in a row, over some 15 s, is gone; servers that start may not know it yet. */
const gone = 20
/** The server's `err_code` for it. */
const noStream = 10059

/** The messages of a stream from `from` on, in order and without a gap, then new ones as they come, until `signal`
 *  aborts. Waits while there is no server. Consumers that fall silent, are lost with their server or skip a message
 *  are replaced, for as long as it takes; throws a `LogDamaged` once the stream is gone. What the stream itself lacks
 *  shows as a gap: the reader looks at `seq`. */
export async function* orderedMessages(
  stream: EventStream,
  { from, signal, onRetry }: OrderedOptions,
): AsyncGenerator<JsMsg, void, undefined> {
  let next = from
  let pauseMs = 25
  let notFound = 0
  while (!signal.aborted) {
    const opened = await openConsumer(stream, next).catch((error: Error) => error)
    if (opened instanceof Error) {
      onRetry(opened.message)
      notFound = isNoStream(opened) ? notFound + 1 : 0
      if (notFound >= gone) throw logDamaged(stream.name, next, 'the stream is gone')
      await pause(pauseMs, undefined, { signal }).catch(() => undefined)
      pauseMs = Math.min(2 * pauseMs, longestPauseMs)
      continue
    }
    const release = endWhenLost(opened, stream.link, signal)
    try {
      for await (const message of opened.messages) {
        pauseMs = 25
        next = message.seq + 1
        yield message
        if (signal.aborted) return
      }
    } catch (error) {
      onRetry((error as Error).message)
      continue
    } finally {
      release()
      opened.messages.stop()
      // It goes by itself where it cannot be deleted.
      if (stream.link.connected()) opened.remove()
    }
    if (!signal.aborted) onRetry('the consumer was lost')
  }
}

const isNoStream = (error: Error): boolean => error instanceof JetStreamApiError && error.code === noStream

type Opened = { readonly messages: ConsumerMessages; remove(): void }

const openConsumer = async ({ js, name }: EventStream, from: number): Promise<Opened> => {
  const consumer = await js.consumers.get(name, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: from,
    inactive_threshold: forgottenAfterMs,
  })
  const messages = await consumer.consume({ max_bytes: windowBytes, expires: pullMs })
  return { messages, remove: () => void consumer.delete().catch(() => undefined) }
}

/** Ends the messages when the connection was lost and is back, when the consumer is gone or silent, and when `signal`
 *  aborts; gives the way to stop watching. The client's own repair waits up to 30 s between its attempts. */
const endWhenLost = ({ messages }: Opened, link: NatsLink, signal: AbortSignal): (() => void) => {
  const end = (): void => void messages.stop()
  const stopListening = link.onReconnect(end)
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  const watch = async (): Promise<void> => {
    for await (const { type } of messages.status()) {
      if (['heartbeats_missed', 'consumer_not_found', 'stream_not_found', 'no_responders'].includes(type))
        end()
    }
  }
  void watch()
  return () => {
    stopListening()
    signal.removeEventListener('abort', end)
  }
}
