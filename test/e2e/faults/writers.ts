import { setTimeout as after } from 'node:timers/promises'

/** One write, and how it ended. */
export type Write = {
  /** Different for each. */
  readonly generation: number
  readonly sentAtMs: number
  /** Where and when it was acknowledged, if it was. */
  readonly acked?: { readonly atMs: number; readonly position: number }
}

/** A stream of writes. */
export type Writers = {
  /** Those that have ended, in the order in which they did. */
  readonly writes: readonly Write[]
  stop(): Promise<void>
}

const everyMs = 200
/** A controller gives up an append after 15 s. */
const patienceMs = 20_000

/** Writes to each of `urls` five times a second, each time another generation; what is not acknowledged is not sent
 *  again. */
export const startWriters = (
  urls: readonly string[],
  resourceOf: (generation: number) => object,
): Writers => {
  const writes: Write[] = []
  const stopping = new AbortController()
  let newest = 0

  const write = async (url: string, generation: number): Promise<number> => {
    const answer = await fetch(`${url}/api/v1/config`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([resourceOf(generation)]),
      signal: AbortSignal.timeout(patienceMs),
    })
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`)
    return ((await answer.json()) as { readonly position: number }).position
  }
  const writing = async (url: string): Promise<void> => {
    while (!stopping.signal.aborted) {
      newest += 1
      const one = { generation: newest, sentAtMs: performance.now() }
      try {
        const position = await write(url, one.generation)
        writes.push({ ...one, acked: { atMs: performance.now(), position } })
      } catch {
        writes.push(one)
      }
      await after(everyMs, undefined, { signal: stopping.signal }).catch(() => undefined)
    }
  }
  const done = Promise.all(urls.map(writing))
  return {
    writes,
    stop: async () => {
      stopping.abort()
      await done
    },
  }
}
