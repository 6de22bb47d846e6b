import { createInbox, type Msg, type Subscription } from '@nats-io/nats-core'
import { isLeft } from 'fp-ts/lib/Either.js'
import {
  decodeFrame,
  decodeSyncAnswer,
  decodeVerdict,
  encodeAgentStatus,
  encodeSyncRequest,
} from '../../codecs/busMessage.ts'
import type { SyncAnswer, SyncRequest, Topic } from '../../model/frame.ts'
import { proxyTopic, sharedEndpoints } from '../../model/topic.ts'
import type { AgentBus, AgentBusListener } from '../../ports.ts'
import { busSubjects } from './busSubjects.ts'
import { gathering } from './chunks.ts'
import type { NatsLink } from './connectNats.ts'
import { inboxOf } from './meshRole.ts'

/** An agent's side of the bus, on NATS. */
export type NatsAgentBus = AgentBus & {
  counters(): {
    readonly frames: number
    readonly frameBytes: number
    /** Messages that were no frames. */
    readonly framesRefused: number
    /** Messages that should have said what a controller finds, and did not. */
    readonly verdictsRefused: number
    readonly syncs: number
    readonly syncsFailed: number
    readonly syncBytes: number
    readonly subscriptions: number
  }
  close(): void
}

/** Topics of endpoints that are listened to one by one; beyond, all of a namespace's, and of the mesh's, are. */
const maxTopics = 256
/** How long an answer is waited for, twice as long after each that did not come: questions are lost with a server or a
 *  controller, and a controller may wait up to 2 s for its log before it answers. */
const answerWithinMs = { first: 1_500, most: 4_000 }
const maxAnswerBytes = 268_435_456
/** How long no controller may answer before another server is tried, which may reach one; it doubles while that does
 *  not help, so that many agents whose controllers are gone do not storm the servers. */
const moveOnAfterMs = { first: 5_000, most: 80_000 }

/** The bus of `mesh`, of the agent of `node`. */
export const natsAgentBus = (link: NatsLink, mesh: string, node: string): NatsAgentBus => {
  const { connection } = link
  const subjects = busSubjects(mesh)
  const counted = {
    frames: 0,
    frameBytes: 0,
    framesRefused: 0,
    verdictsRefused: 0,
    syncs: 0,
    syncsFailed: 0,
    syncBytes: 0,
  }
  const subscriptions = new Map<string, Subscription>()
  let listener: AgentBusListener | undefined

  const subscribe = (topic: string): void => {
    const subscription = connection.subscribe(`${subjects.prefix}${topic}`, {
      callback: (error, message) => {
        if (error !== null) return
        const frame = decodeFrame(message.data)
        counted.frames += 1
        counted.frameBytes += message.data.length
        if (isLeft(frame)) counted.framesRefused += 1
        else listener?.frame(frame.right)
      },
    })
    subscriptions.set(topic, subscription)
  }

  subscribe(proxyTopic(node))
  const roll = connection.subscribe(subjects.roll, {
    callback: (error) => (error === null ? listener?.asked() : undefined),
  })
  const verdicts = connection.subscribe(subjects.verdict(node), {
    callback: (error, message) => {
      const verdict = error === null ? decodeVerdict(message.data) : undefined
      if (verdict === undefined) return
      if (isLeft(verdict)) {
        counted.verdictsRefused += 1
        return
      }
      answered()
      listener?.compared(verdict.right)
    },
  })
  const stopListening = link.onReconnect(() => listener?.reconnected())

  const hear = async (view: Topic, endpoints: Iterable<Topic>): Promise<boolean> => {
    const wanted = new Set([proxyTopic(node), ...(view === '' ? [] : [view]), ...fewTopics([...endpoints])])
    for (const [topic, subscription] of subscriptions) {
      if (wanted.has(topic)) continue
      subscription.unsubscribe()
      subscriptions.delete(topic)
    }
    const added = [...wanted].filter((topic) => !subscriptions.has(topic))
    for (const topic of added) subscribe(topic)
    if (added.length > 0 && link.connected()) await connection.flush()
    return added.length > 0
  }

  let withinMs = answerWithinMs.first
  let answeredMs = performance.now()
  let patienceMs = moveOnAfterMs.first
  const answered = (): void => {
    answeredMs = performance.now()
    patienceMs = moveOnAfterMs.first
  }
  const sync = async (request: SyncRequest): Promise<SyncAnswer> => {
    counted.syncs += 1
    try {
      const answer = await ask(request)
      withinMs = answerWithinMs.first
      answered()
      return answer
    } catch (error) {
      counted.syncsFailed += 1
      withinMs = Math.min(answerWithinMs.most, 2 * withinMs)
      if (performance.now() - answeredMs > patienceMs && link.connected()) {
        link.moveOn('no controller answers')
        answeredMs = performance.now()
        patienceMs = Math.min(moveOnAfterMs.most, 2 * patienceMs)
      }
      throw error
    }
  }

  const ask = (request: SyncRequest): Promise<SyncAnswer> =>
    new Promise((resolve, reject) => {
      if (!link.connected()) return reject(new Error('there is no connection to NATS'))
      const chunks = gathering(maxAnswerBytes)
      const inbox = createInbox(inboxOf(mesh, { type: 'agent', identity: { node } }))
      const finish = (end: () => void): void => {
        clearTimeout(timer)
        answers.unsubscribe()
        end()
      }
      const fail = (reason: string): void => finish(() => reject(new Error(reason)))
      const timer = setTimeout(() => fail('no controller answers'), withinMs)
      const take = ({ data, headers }: Msg): void => {
        // So the server says that nobody listens.
        if (headers?.code === 503) return fail('no controller is there')
        counted.syncBytes += data.length
        const whole = chunks.take(data)
        if (isLeft(whole)) return fail(whole.left)
        if (whole.right === undefined) return
        const answer = decodeSyncAnswer(whole.right)
        if (isLeft(answer)) fail(answer.left)
        else finish(() => resolve(answer.right))
      }
      const answers = connection.subscribe(inbox, {
        callback: (error, message) => (error === null ? take(message) : fail(error.message)),
      })
      connection.publish(subjects.sync(node), encodeSyncRequest(request), { reply: inbox })
    })

  return {
    hear,
    sync,
    tell: (status) => {
      if (link.connected()) connection.publish(subjects.status(node), encodeAgentStatus(status))
    },
    listen: (given) => {
      listener = given
    },
    counters: () => ({ ...counted, subscriptions: subscriptions.size + 2 }),
    close: () => {
      stopListening()
      roll.unsubscribe()
      verdicts.unsubscribe()
      for (const subscription of subscriptions.values()) subscription.unsubscribe()
    },
  }
}

/** At most `maxTopics` topics that take in all of `topics`: these, or a wildcard for each namespace, or one for all. */
const fewTopics = (topics: readonly Topic[]): readonly Topic[] => {
  if (topics.length <= maxTopics) return topics
  const namespaces = new Set(topics.map((topic) => `${topic.slice(0, topic.lastIndexOf('.'))}.*`))
  return namespaces.size <= maxTopics ? [...namespaces] : [`${sharedEndpoints}.>`]
}
