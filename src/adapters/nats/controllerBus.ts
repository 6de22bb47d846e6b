import type { Msg } from '@nats-io/nats-core'
import { isLeft } from 'fp-ts/lib/Either.js'
import { decodeSyncRequest, encodeFrame, encodeSyncAnswer, encodeVerdict } from '../../codecs/busMessage.ts'
import { createStandstill } from '../../model/standstill.ts'
import { subjectToken } from '../../model/subjectToken.ts'
import type { ControllerBus, ControllerBusListener } from '../../ports.ts'
import { busSubjects, lastToken } from './busSubjects.ts'
import { chunked } from './chunks.ts'
import type { NatsLink } from './connectNats.ts'
import { inboxOf } from './meshRole.ts'
import { peerQuestions } from './peerQuestions.ts'
import { createStatusReader } from './statusReader.ts'
import { createVerdictSender } from './verdictSender.ts'

/** A controller's side of the bus, on NATS. */
export type NatsControllerBus = ControllerBus & {
  counters(): {
    /** Frames that there was no connection for. */
    readonly framesDropped: number
    /** Frames beyond the servers' payload limit; agents ask for what was in them. */
    readonly framesTooLarge: number
    /** Messages that were not what they must be, or not from whom they must be. */
    readonly messagesRefused: number
    /** Askers that were not answered because too many were waiting; they ask again. */
    readonly syncsPutOff: number
    readonly controllers: number
    /** Of these, those that share the work of publishing. */
    readonly sharing: number
  }
  close(): void
}

/** Controllers show themselves so often, and count as gone when they were not heard for so long: what a controller that
 *  was killed had yet to say is said by another within 2.5 s. One that is only slow is doubled for a while. */
const showEveryMs = 500
const goneAfterMs = 2_000

/** Askers that wait for an answer at a time. */
const maxAnswering = 4_096

/** The bus of `mesh`, of the controller `id`, which is one token and has folded `log`. */
export const natsControllerBus = (
  link: NatsLink,
  mesh: string,
  id: string,
  log: string,
): NatsControllerBus => {
  const { connection } = link
  const subjects = busSubjects(mesh)
  const maxPayloadBytes = connection.info?.max_payload ?? 1_048_576
  const counted = { framesDropped: 0, framesTooLarge: 0, messagesRefused: 0, syncsPutOff: 0 }
  let answering = 0
  const others = new Map<string, { ready: boolean; seenMs: number }>()
  let ready = false
  let listener: ControllerBusListener | undefined
  let peers: readonly string[] = [id]

  const show = (): void => {
    if (link.connected()) connection.publish(subjects.controller(id), ready ? 'ready' : 'starting')
  }

  /** Those that are ready share the work; where none is, all do. */
  const look = (): void => {
    const nowMs = performance.now()
    for (const [other, { seenMs }] of others) if (nowMs - seenMs > goneAfterMs) others.delete(other)
    const all = [...others, [id, { ready }] as const]
    const shareable = all.filter(([, one]) => one.ready)
    const next = (shareable.length > 0 ? shareable : all).map(([one]) => one).sort()
    if (next.join() === peers.join()) return
    peers = next
    listener?.peers()
  }

  const statuses = createStatusReader(subjects.verdict)
  const verdicts = createVerdictSender((subject, verdict) => {
    if (link.connected()) connection.publish(subject, encodeVerdict(verdict))
  })
  const takeStatus = ({ subject, data }: Msg): void => {
    const said = statuses.read(subject, data)
    if (said === undefined) {
      counted.messagesRefused += 1
      return
    }
    const verdict = listener?.status(said.status)
    if (verdict !== undefined) verdicts.say(said.verdictSubject, verdict)
  }

  // Whoever may ask may name any reply subject: answers go to the asker's own inbox or nowhere.
  const takeSync = async (message: Msg): Promise<void> => {
    const request = decodeSyncRequest(message.data)
    const { reply = '' } = message
    if (
      isLeft(request) ||
      subjectToken(request.right.node) !== lastToken(message.subject) ||
      !reply.startsWith(`${inboxOf(mesh, { type: 'agent', identity: request.right })}.`)
    ) {
      counted.messagesRefused += 1
      return
    }
    if (answering >= maxAnswering) {
      counted.syncsPutOff += 1
      return
    }
    answering += 1
    try {
      const answer = await listener?.sync(request.right)
      if (answer === undefined || !link.connected()) return
      for (const chunk of chunked(encodeSyncAnswer(answer), maxPayloadBytes)) connection.publish(reply, chunk)
    } finally {
      answering -= 1
    }
  }

  const subscriptions = [
    connection.subscribe(subjects.everyStatus, {
      callback: (error, message) => (error === null ? takeStatus(message) : undefined),
    }),
    connection.subscribe(subjects.everySync, {
      queue: 'controllers',
      callback: (error, message) => (error === null ? void takeSync(message) : undefined),
    }),
    connection.subscribe(subjects.everyController, {
      callback: (error, message) => {
        const other = lastToken(error === null ? message.subject : '')
        if (error !== null || other === id) return
        if (message.string() === 'gone') others.delete(other)
        else others.set(other, { ready: message.string() === 'ready', seenMs: performance.now() })
        look()
      },
    }),
  ]
  const questions = peerQuestions({
    link,
    subjects,
    id,
    others: () => [...others.keys()],
    maxPayloadBytes,
    answer: async (question) => listener?.fleet(question),
    refused: () => {
      counted.messagesRefused += 1
    },
  })
  const stoodStillMs = createStandstill(showEveryMs, performance.now())
  const showing = setInterval(() => {
    const nowMs = performance.now()
    const missedMs = stoodStillMs(nowMs)
    for (const other of others.values()) other.seenMs = Math.min(nowMs, other.seenMs + missedMs)
    show()
    look()
  }, showEveryMs)
  show()

  return {
    id,
    log,
    peers: () => peers,
    announce: (is) => {
      ready = is
      show()
      look()
    },
    ask: () => {
      if (link.connected()) connection.publish(subjects.roll)
    },
    publish: (frame) => {
      if (!link.connected()) {
        counted.framesDropped += 1
        return
      }
      const message = encodeFrame(frame)
      if (message.length <= maxPayloadBytes) {
        connection.publish(`${subjects.prefix}${frame.topic}`, message)
        return
      }
      counted.framesTooLarge += 1
      if (frame.type === 'endpoints') return
      const { turn: _, ...rest } = { turn: undefined, ...frame }
      // It starts nowhere and holds nothing: whoever hears it notices that something is missing.
      const hint = encodeFrame({ ...rest, before: frame.after, put: [], gone: [] })
      connection.publish(`${subjects.prefix}${frame.topic}`, hint)
    },
    askPeers: questions.ask,
    listen: (given) => {
      listener = given
    },
    counters: () => ({ ...counted, controllers: others.size + 1, sharing: peers.length }),
    close: () => {
      clearInterval(showing)
      verdicts.close()
      if (link.connected()) connection.publish(subjects.controller(id), 'gone')
      questions.close()
      for (const subscription of subscriptions) subscription.unsubscribe()
    },
  }
}
