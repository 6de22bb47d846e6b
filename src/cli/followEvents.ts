import type { IncomingMessage } from 'node:http'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { setTimeout as after } from 'node:timers/promises'
import type { Entry } from '../model/entry.ts'
import { openResponse, type Server, type Unanswered } from './server.ts'

/** Heartbeats come more often than this; a longer silence is a lost connection. */
const silenceMs = 60_000
/** A controller that restarts is waited for, with growing pauses, so long. */
const patienceMs = 30_000

/** Prints every entry from `from` on as it comes, across restarts of the controller. Resolves when it cannot go on:
 *  refused, not there at first, or lost and not back within 30 s. */
export const followEvents = async (
  server: Server,
  from: number,
  print: (entry: Entry) => void,
): Promise<Unanswered> => {
  let next = from
  let lostAtMs: number | undefined
  let message = ''
  for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 2, 5_000)) {
    try {
      const response = await openResponse(server, {
        path: `/api/v1/events?from=${next}`,
        headers: { accept: 'text/event-stream' },
        silenceMs,
      })
      if (response.statusCode !== 200) return await refusal(server, response)
      lostAtMs = undefined
      pauseMs = 200
      for await (const entry of entriesIn(response)) {
        print(entry)
        next = entry.position + 1
      }
      message = 'it ended the stream'
    } catch (error) {
      message = (error as Error).message
      if (lostAtMs === undefined && next === from) return unreachable(server, message)
    }
    lostAtMs ??= Date.now()
    if (Date.now() - lostAtMs > patienceMs) return unreachable(server, message)
    await after(pauseMs)
  }
}

async function* entriesIn(response: IncomingMessage): AsyncGenerator<Entry> {
  for await (const line of createInterface({ input: response, crlfDelay: Number.POSITIVE_INFINITY })) {
    if (line.startsWith('data:')) yield JSON.parse(line.slice('data:'.length)) as Entry
  }
}

const refusal = async (server: Server, response: IncomingMessage): Promise<Unanswered> => {
  const body = await text(response)
  const status = response.statusCode ?? 0
  return status === 503 || !body.startsWith('{')
    ? unreachable(server, `status ${status}`)
    : {
        _tag: 'Refused',
        status,
        code: String(JSON.parse(body).code),
        detail: String(JSON.parse(body).detail),
        problems: [],
        body: JSON.parse(body),
      }
}

const unreachable = (server: Server, why: string): Unanswered => ({
  _tag: 'Unreachable',
  message: `lost the controller at ${server.url}: ${why}`,
})
