import { setTimeout as pause } from 'node:timers/promises'
import { JetStreamApiError } from '@nats-io/jetstream'
import { ConnectionError, RequestError, TimeoutError } from '@nats-io/nats-core'

/** An election takes seconds; what comes after it should not wait for much longer. */
const longestPauseMs = 250

/** `once()`, tried again after errors that pass by themselves (`passing`), with pauses that double from 25 to 250 ms
 *  and are told to `onRetry`, until `limitMs` have passed; then it rejects with the last error. Other errors reject at
 *  once. */
export const retrying = async <T>(
  once: () => Promise<T>,
  limitMs: number,
  onRetry: (error: Error) => void,
  passing: (error: unknown) => boolean = isPassing,
): Promise<T> => {
  const untilMs = performance.now() + limitMs
  for (let delayMs = 25; ; delayMs = Math.min(2 * delayMs, longestPauseMs)) {
    try {
      return await once()
    } catch (error) {
      if (!passing(error) || performance.now() + delayMs > untilMs) throw error
      onRetry(error as Error)
    }
    await pause(delayMs * (0.5 + Math.random() / 2))
  }
}

/** True for what happens while servers elect a leader, restart or are out of reach. Without a leader nobody answers,
 *  which the client takes for JetStream being off; a server that says so itself has an API error as its cause. */
export const isPassing = (error: unknown): boolean => {
  if (error instanceof Error && error.name === 'JetStreamNotEnabled') {
    return !(error.cause instanceof JetStreamApiError)
  }
  if (error instanceof JetStreamApiError) {
    return error.code === noPeers || [408, 429, 500, 503].includes(error.status)
  }
  return [TimeoutError, RequestError, ConnectionError].some((passing) => error instanceof passing)
}

/** The server's `err_code` for too few servers that could hold a stream: true also of a cluster that is starting. */
export const noPeers = 10005
