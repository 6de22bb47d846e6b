import type { Answer } from './mesh.ts'

/** Constant load: how many requests were sent, and what failed. */
export type Load = {
  /** Stops and waits for what is under way. */
  stop(): Promise<{
    readonly requests: number
    readonly failures: readonly string[]
    readonly perSecond: number
  }>
}

/** Sends `perSecond` requests a second by turns through `senders`, whatever the answers take, until it is stopped. */
export const startLoad = (senders: readonly (() => Promise<Answer>)[], perSecond: number): Load => {
  const startedAt = performance.now()
  const underWay = new Set<Promise<void>>()
  const failures: string[] = []
  let requests = 0
  const send = (): void => {
    const sender = senders[requests % senders.length]
    if (sender === undefined) return
    requests += 1
    const one: Promise<void> = sender()
      .then(({ status, headers, body }) => {
        if (status !== 200)
          failures.push(`${status} ${String(headers['x-envoy-overloaded'] ?? '')} ${body}`.trim())
      })
      .catch((error: Error) => {
        failures.push(error.message)
      })
      .finally(() => underWay.delete(one))
    underWay.add(one)
  }
  // As many as are due, so that a busy machine makes them late and not fewer.
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * perSecond
    while (requests < due) send()
  }, 2)
  return {
    stop: async () => {
      clearInterval(timer)
      const seconds = (performance.now() - startedAt) / 1000
      await Promise.all(underWay)
      return { requests, failures, perSecond: requests / seconds }
    },
  }
}
