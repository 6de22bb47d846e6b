import { fork } from 'node:child_process'
import { natsAgentBus } from '../../src/adapters/nats/agentBus.ts'
import { namespaceNamed } from '../../src/model/namespaceNamed.ts'
import type { ProxyIdentity } from '../../src/model/proxy.ts'
import { type RunningAgent, runAgent } from '../../src/streams/agent.ts'
import { type Arrived, type LeanNats, leanNats } from './leanNats.ts'
import { monotonicMs } from './monotonicMs.ts'

/** What came on one subject with one position: how often, and when last. */
export type Arrival = {
  readonly subject: string
  readonly position: number
  readonly count: number
  readonly lastMs: number
}

type Counters = { readonly receivedBytes: number; readonly syncs: number; readonly gaps: number }
type Ask =
  | { readonly type: 'start'; readonly identities: readonly ProxyIdentity[] }
  | { readonly type: 'expect'; readonly count: number }
  | { readonly type: 'arrivals' | 'drop' | 'reconnect' | 'counters' }
type Answer = { readonly lastMs: number; readonly arrivals: readonly Arrival[]; readonly counters: Counters }

/** Agents without Envoys, thousands to a process, each with a connection of its own: they subscribe, ask, assemble and
 *  report as `rutter agent` does. What they hear is noted as it comes and read once it is quiet, since agents have
 *  processors of their own. */
export type SimulatedAgents = {
  /** Resolves once all of them have something to serve. */
  start(identities: readonly ProxyIdentity[]): Promise<void>
  /** When the last message came (`monotonicMs`), as soon as each of the `interested` has heard `each` since
   *  `arrivals` were read. */
  expect(interested: (identity: ProxyIdentity) => boolean, each?: number): Promise<number>
  /** What has come since it was read last. */
  arrivals(): Promise<readonly Arrival[]>
  counters(): Promise<Counters>
  /** Loses every connection. */
  drop(): Promise<void>
  /** All connect anew; resolves once each has been told what it missed. */
  reconnect(): Promise<void>
  stop(): void
}

/** Subjects on which a bare message goes for comparison: to all agents, and to those of a namespace. */
export const bareForAll = 'bare.all'
export const bareFor = (namespace: string): string => `bare.${namespace}`

/** Starts `processes` processes of the running program, which must call `beSimulatedAgents` when its first argument is
 *  `agents`. */
export const simulatedAgents = (
  processes: number,
  mesh: string,
  host: string,
  port: number,
): SimulatedAgents => {
  const children = Array.from({ length: processes }, () => {
    const child = fork(process.argv[1] as string, ['agents', mesh, host, String(port)], {
      execArgv: ['--max-old-space-size=8000', '--enable-source-maps'],
      serialization: 'advanced',
    })
    const identities: ProxyIdentity[] = []
    const waiting: ((answer: Answer) => void)[] = []
    child.on('message', (answer: Answer) => waiting.shift()?.(answer))
    const ask = (asked: Ask): Promise<Answer> =>
      new Promise((answered) => {
        waiting.push(answered)
        child.send(asked)
      })
    return { child, ask, identities }
  })
  const all = (asked: Ask): Promise<readonly Answer[]> => Promise.all(children.map(({ ask }) => ask(asked)))
  return {
    start: async (identities) => {
      await Promise.all(
        children.map(({ ask, identities: its }, i) => {
          const share = identities.filter((_, n) => n % processes === i)
          its.push(...share)
          return ask({ type: 'start', identities: share })
        }),
      )
    },
    expect: async (interested, each = 1) => {
      const answers = await Promise.all(
        children.map(({ ask, identities }) =>
          ask({ type: 'expect', count: identities.filter(interested).length * each }),
        ),
      )
      return Math.max(...answers.map(({ lastMs }) => lastMs))
    },
    arrivals: async () => (await all({ type: 'arrivals' })).flatMap(({ arrivals }) => arrivals),
    counters: async () =>
      (await all({ type: 'counters' })).reduce(
        (sum, { counters }) => ({
          receivedBytes: sum.receivedBytes + counters.receivedBytes,
          syncs: sum.syncs + counters.syncs,
          gaps: sum.gaps + counters.gaps,
        }),
        { receivedBytes: 0, syncs: 0, gaps: 0 },
      ),
    drop: async () => void (await all({ type: 'drop' })),
    reconnect: async () => void (await all({ type: 'reconnect' })),
    stop: () => {
      for (const { child } of children) child.kill('SIGKILL')
    },
  }
}

/** So long must it be quiet before agents read what they heard. */
const quietMs = 100
/** So many of a process connect and ask at one time. */
const atOnce = 100

/** The child's side: holds agents for the process that has started it. */
export const beSimulatedAgents = ([mesh = '', host = '', port = '']: readonly string[]): void => {
  const agents: Agent[] = []
  const heard = new Map<string, { subject: string; position: number; count: number; lastMs: number }>()
  let count = 0
  let lastMs = 0
  let expected: number | undefined
  const unread: (() => void)[] = []

  const read = (): void => {
    if (monotonicMs() - lastMs > quietMs) for (const deliver of unread.splice(0, 2_000)) deliver()
    setTimeout(read, unread.length > 0 && monotonicMs() - lastMs > quietMs ? 0 : quietMs / 4)
  }
  read()
  const arrived = (subject: string, payload: Buffer, deliver: () => void): void => {
    lastMs = monotonicMs()
    count += 1
    const position = positionIn(payload)
    const key = `${subject} ${position}`
    const one = heard.get(key)
    if (one === undefined) heard.set(key, { subject, position, count: 1, lastMs })
    else {
      one.count += 1
      one.lastMs = lastMs
    }
    unread.push(deliver)
    answerExpected()
  }
  const answer = (given: Partial<Answer> = {}): void => {
    const none = { lastMs, arrivals: [], counters: { receivedBytes: 0, syncs: 0, gaps: 0 } }
    process.send?.({ ...none, ...given })
  }
  const answerExpected = (): void => {
    if (expected === undefined || count < expected) return
    expected = undefined
    answer()
  }
  const connectAll = async (): Promise<void> => {
    const queue = agents.filter((agent) => !agent.connected())
    const work = async (): Promise<void> => {
      for (let agent = queue.shift(); agent !== undefined; agent = queue.shift()) await agent.connect()
    }
    await Promise.all(Array.from({ length: atOnce }, work))
  }

  process.on('disconnect', () => process.exit())
  process.on('message', async (asked: Ask) => {
    if (asked.type === 'start') {
      agents.push(
        ...asked.identities.map((identity) =>
          simulatedAgent(identity, mesh, { host, port: Number(port) }, arrived, () => unread.length > 0),
        ),
      )
      await connectAll()
      answer()
    } else if (asked.type === 'expect') {
      expected = asked.count
      answerExpected()
    } else if (asked.type === 'arrivals') {
      answer({ arrivals: [...heard.values()] })
      heard.clear()
      count = 0
    } else if (asked.type === 'drop') {
      for (const agent of agents) agent.drop()
      answer()
    } else if (asked.type === 'reconnect') {
      await connectAll()
      answer()
    } else
      answer({
        counters: {
          receivedBytes: agents.reduce((sum, agent) => sum + agent.receivedBytes(), 0),
          syncs: agents.reduce((sum, { running }) => sum + running.counters().syncs, 0),
          gaps: agents.reduce((sum, { running }) => sum + running.counters().gaps, 0),
        },
      })
  })
}

type Agent = {
  readonly running: RunningAgent
  connected(): boolean
  /** Resolves once the agent has been told what it missed. */
  connect(): Promise<void>
  drop(): void
  receivedBytes(): number
}

const simulatedAgent = (
  identity: ProxyIdentity,
  mesh: string,
  server: { readonly host: string; readonly port: number },
  arrived: Arrived,
  isBehind: () => boolean,
): Agent => {
  const clock = { monotonicMs: () => performance.now() }
  const running = runAgent({ mesh, identity, metadata: {}, clock, random: Math.random })
  let nats: LeanNats | undefined
  let told = (): void => {}

  const connectFirst = async (): Promise<LeanNats> => {
    const watched = [`rutter.${mesh}.fragment.`, `rutter.${mesh}.proxy.`, 'bare.']
    const made = await leanNats({ ...server, name: `rutter-agent ${identity.node}` }, watched, arrived)
    for (const subject of [bareForAll, bareFor(namespaceNamed(identity) ?? '')])
      made.link.connection.subscribe(subject, { callback: () => {} })
    const bus = natsAgentBus(made.link, mesh, identity.node)
    running.attach({
      ...bus,
      sync: async (request) => {
        // One that had read what it heard would not ask for it.
        if (isBehind()) throw new Error('messages wait to be read')
        const answer = await bus.sync(request)
        if (answer.type === 'missing') setImmediate(told)
        return answer
      },
    })
    return made
  }
  return {
    running,
    connected: () => nats?.link.connected() === true,
    connect: async () => {
      const untilTold = new Promise<void>((resolve) => {
        told = resolve
      })
      if (nats === undefined) nats = await connectFirst()
      else await nats.reconnect()
      await untilTold
    },
    drop: () => nats?.drop(),
    receivedBytes: () => nats?.receivedBytes() ?? 0,
  }
}

/** The position in the header of a frame; 0 in a bare message. */
const positionIn = (payload: Buffer): number =>
  Number(/"position":(\d+)/.exec(payload.toString('latin1', 4, 1_000))?.[1] ?? 0)
