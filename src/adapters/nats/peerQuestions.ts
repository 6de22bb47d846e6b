import { createInbox, type Msg } from '@nats-io/nats-core'
import { isLeft } from 'fp-ts/lib/Either.js'
import {
  decodeFleetAnswer,
  decodeFleetQuestion,
  encodeFleetAnswer,
  encodeFleetQuestion,
} from '../../codecs/busMessage.ts'
import type { FleetAnswer, FleetQuestion } from '../../model/fleet.ts'
import type { ControllerBus } from '../../ports.ts'
import type { busSubjects } from './busSubjects.ts'
import { chunked, gathering } from './chunks.ts'
import type { NatsLink } from './connectNats.ts'

/** What controllers ask each other about the proxies that are connected to one of them. */
export type PeerQuestions = {
  readonly ask: ControllerBus['askPeers']
  close(): void
}

export type PeerQuestionsOptions = {
  readonly link: NatsLink
  readonly subjects: ReturnType<typeof busSubjects>
  readonly id: string
  /** The other controllers that are seen now. */
  readonly others: () => readonly string[]
  readonly maxPayloadBytes: number
  readonly answer: (question: FleetQuestion) => Promise<FleetAnswer | undefined>
  /** Told of a message that is no question or no answer. */
  readonly refused: () => void
}

/** Questions that wait for what they ask about, at a time; those beyond are answered as things are. */
const maxWaiting = 256
/** Beyond what the asked may wait. */
const answerWithinMs = 2_000
const lookEveryMs = 500
const maxAnswerBytes = 67_108_864

/** Asks the other controllers, and answers when they ask. */
export const peerQuestions = (options: PeerQuestionsOptions): PeerQuestions => {
  const { link, subjects, id, others, maxPayloadBytes, answer, refused } = options
  const { connection } = link
  let waiting = 0

  const takeQuestion = async (message: Msg): Promise<void> => {
    const question = decodeFleetQuestion(message.data)
    const { reply = '' } = message
    if (isLeft(question) || !reply.startsWith(`${subjects.controllerInbox}.`)) return refused()
    const { position, waitMs } = question.right
    waiting += 1
    try {
      const answered = await answer({ position, waitMs: waiting > maxWaiting ? 0 : waitMs })
      if (answered === undefined || !link.connected()) return
      for (const chunk of chunked(encodeFleetAnswer(answered), maxPayloadBytes))
        connection.publish(reply, chunk)
    } finally {
      waiting -= 1
    }
  }
  const subscription = connection.subscribe(subjects.fleet(id), {
    callback: (error, message) => (error === null ? void takeQuestion(message) : undefined),
  })

  /** Resolves with the answer, or without one: it does not come, or `signal` aborts. */
  const askOne = (
    peer: string,
    question: FleetQuestion,
    signal: AbortSignal,
  ): Promise<FleetAnswer | undefined> =>
    new Promise((resolve) => {
      if (!link.connected() || signal.aborted) return resolve(undefined)
      const chunks = gathering(maxAnswerBytes)
      const inbox = createInbox(subjects.controllerInbox)
      const finish = (answered?: FleetAnswer): void => {
        clearTimeout(bound)
        clearInterval(looking)
        signal.removeEventListener('abort', stop)
        answers.unsubscribe()
        resolve(answered)
      }
      const stop = (): void => finish()
      const bound = setTimeout(stop, question.waitMs + answerWithinMs)
      const looking = setInterval(() => {
        if (!others().includes(peer)) finish()
      }, lookEveryMs)
      signal.addEventListener('abort', stop)
      const take = ({ data, headers }: Msg): void => {
        // So the server says that nobody listens.
        if (headers?.code === 503) return finish()
        const whole = chunks.take(data)
        if (!isLeft(whole) && whole.right === undefined) return
        const answered = isLeft(whole) ? whole : decodeFleetAnswer(whole.right ?? new Uint8Array())
        if (isLeft(answered)) refused()
        finish(isLeft(answered) ? undefined : answered.right)
      }
      const answers = connection.subscribe(inbox, {
        callback: (error, message) => (error === null ? take(message) : finish()),
      })
      connection.publish(subjects.fleet(peer), encodeFleetQuestion(question), { reply: inbox })
    })

  return {
    ask: async (question, signal, take) => {
      await Promise.all(
        others().map(async (peer) => {
          const answered = await askOne(peer, question, signal)
          if (answered !== undefined) take(answered)
        }),
      )
    },
    close: () => subscription.unsubscribe(),
  }
}
