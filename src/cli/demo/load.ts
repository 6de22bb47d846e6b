import { Agent } from 'node:http'
import type { HostPort } from '../../agent/bootstrap.ts'
import { type Answer, ask } from './ask.ts'
import { type Place, workloadsAt } from './bookinfo.ts'
import { type Answered, readAnswered } from './startApp.ts'

/** The demo's front door: the inbound listener of productpage's Envoy. */
export type Door = HostPort & {
  /** What callers call it. */
  readonly authority: string
}

/** The front door of the demo at `place`. */
export const doorAt = (place: Place): Door => ({
  host: workloadsAt(place)[0]?.address ?? '',
  port: place.port,
  authority: `productpage:${place.port}`,
})

/** Calls of the front door. */
export type Caller = {
  /** Who took part. Never rejects: what cannot be reached has failed. */
  call(headers?: Readonly<Record<string, string>>): Promise<Answered>
  close(): void
}

/** A caller with at most `connections` connections. */
export const caller = (door: Door, connections: number): Caller => {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const asked = { ...door, path: '/productpage' }
  return {
    call: (headers = {}) =>
      ask(agent, { ...asked, headers }).then(
        ({ status, body }: Answer) => ({
          ...readAnswered(body),
          ...(status === 200 ? {} : { failed: true }),
        }),
        () => ({ versions: {}, failed: true }),
      ),
    close: () => agent.destroy(),
  }
}

/** What so many calls, `connections` at a time, came to. */
export const callMany = async (
  place: Place,
  requests: number,
  connections = 8,
): Promise<readonly Answered[]> => {
  const { call, close } = caller(doorAt(place), connections)
  const answers: Answered[] = []
  let left = requests
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1
      answers.push(await call())
    }
  }
  try {
    await Promise.all(Array.from({ length: connections }, worker))
    return answers
  } finally {
    close()
  }
}
