import { connect, type Socket } from 'node:net'
import type { Msg } from '@nats-io/nats-core'
import type { NatsLink } from '../../src/adapters/nats/connectNats.ts'

/** A connection to NATS that costs its process little, so that one process can hold thousands: what an agent's bus asks
 *  of `@nats-io/nats-core`, and no more. */
export type LeanNats = {
  /** What an agent's bus takes for a connection. */
  readonly link: NatsLink
  /** Bytes that came. */
  receivedBytes(): number
  /** Loses the connection. */
  drop(): void
  /** Connects anew and subscribes as before. */
  reconnect(): Promise<void>
}

type Subscriber = (error: null, message: Msg) => void

/** Told of a message before its subscriber, whom `deliver` calls. */
export type Arrived = (subject: string, payload: Buffer, deliver: () => void) => void

/** Connects to the server at `host:port`. `arrived` is told of messages whose subjects begin with one of `watched`. */
export const leanNats = async (
  { host, port, name }: { readonly host: string; readonly port: number; readonly name: string },
  watched: readonly string[],
  arrived: Arrived,
): Promise<LeanNats> => {
  const subscribers = new Map<number, { readonly subject: string; readonly callback: Subscriber }>()
  const listeners = new Set<() => void>()
  let pongs: (() => void)[] = []
  let sids = 0
  let received = 0
  let socket: Socket | undefined

  const dispatch = (head: string, payload: Buffer): void => {
    // MSG <subject> <sid> [reply] <bytes>
    const [, subject = '', sid] = head.split(' ')
    const message = { subject, data: payload, string: () => payload.toString() } as unknown as Msg
    const deliver = (): void => subscribers.get(Number(sid))?.callback(null, message)
    if (watched.some((prefix) => subject.startsWith(prefix))) arrived(subject, payload, deliver)
    else deliver()
  }

  const write = (data: string | Uint8Array): void => void socket?.write(data)

  /** Takes whole messages off `bytes`; what is left over. */
  const takeFrom = (bytes: Buffer): Buffer => {
    let at = 0
    for (;;) {
      const end = bytes.indexOf('\r\n', at)
      if (end < 0) break
      const line = bytes.toString('latin1', at, end)
      if (line.startsWith('MSG ')) {
        const to = end + 2 + Number(line.slice(line.lastIndexOf(' ') + 1))
        if (bytes.length < to + 2) break
        dispatch(line, bytes.subarray(end + 2, to))
        at = to + 2
        continue
      }
      at = end + 2
      if (line === 'PING') write('PONG\r\n')
      else if (line === 'PONG') pongs.shift()?.()
      else if (line.startsWith('-ERR')) throw new Error(line)
    }
    return bytes.subarray(at)
  }

  const flush = (): Promise<void> =>
    new Promise((ponged) => {
      pongs.push(ponged)
      write('PING\r\n')
    })

  const open = async (): Promise<void> => {
    const opened = connect(port, host)
    await new Promise<void>((resolve, reject) => {
      opened.once('connect', resolve)
      opened.once('error', reject)
    })
    opened.on('error', () => {})
    opened.setNoDelay(true)
    let rest: Buffer = Buffer.alloc(0)
    opened.on('data', (chunk) => {
      received += chunk.length
      rest = takeFrom(rest.length === 0 ? chunk : Buffer.concat([rest, chunk]))
    })
    socket = opened
    pongs = []
    write(`CONNECT ${JSON.stringify({ verbose: false, pedantic: false, lang: 'bench', name })}\r\n`)
    write([...subscribers].map(([sid, { subject }]) => `SUB ${subject} ${sid}\r\n`).join(''))
    await flush()
  }

  const connection = {
    subscribe: (subject: string, { callback }: { callback: Subscriber }) => {
      sids += 1
      const sid = sids
      subscribers.set(sid, { subject, callback })
      write(`SUB ${subject} ${sid}\r\n`)
      return {
        unsubscribe: () => {
          subscribers.delete(sid)
          write(`UNSUB ${sid}\r\n`)
        },
      }
    },
    publish: (subject: string, data: Uint8Array = new Uint8Array(), { reply = '' } = {}) =>
      write(Buffer.concat([Buffer.from(`PUB ${subject} ${reply} ${data.length}\r\n`), data, lineEnd])),
    flush,
  }
  await open()
  return {
    link: {
      connection,
      connected: () => socket !== undefined,
      onReconnect: (listener: () => void) => {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    } as unknown as NatsLink,
    receivedBytes: () => received,
    drop: () => {
      socket?.destroy()
      socket = undefined
    },
    reconnect: async () => {
      await open()
      for (const listener of listeners) listener()
    },
  }
}

const lineEnd = Buffer.from('\r\n')
