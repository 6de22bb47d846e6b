import {
  DiscardPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  StorageType,
} from '@nats-io/jetstream'
import { eventStreamName, leaseStreamName, leaseSubjects } from './meshStream.ts'

/** A word of whoever has a lease. */
export type LeaseRecord = {
  /** Empty: it was given up. */
  readonly holder: string
  /** Different in every word of one holder. */
  readonly beat: number
  /** Of the message in its stream. */
  readonly sequence: number
}

/** The word about one lease that stands in the stream of its mesh. */
export type LeaseRecords = {
  /** What stands there; undefined when nothing does. The stream is made where it is absent. */
  read(): Promise<LeaseRecord | undefined>
  /** Puts a word in the place of the one with sequence `after` (0: of none). Its sequence; undefined where another
   *  word stands there. */
  replace(record: Omit<LeaseRecord, 'sequence'>, after: number): Promise<number | undefined>
  /** Undefined for what is no word. */
  parse(data: Uint8Array): Omit<LeaseRecord, 'sequence'> | undefined
}

/** The server's `err_code`s (its server/errors.json). */
const [wrongSequence, noStream, noMessage] = [[10071, 10164], 10059, 10037]

/** The words about the lease at `subject`. Every way rejects when the servers do not answer or refuse. */
export const leaseRecords = ({
  js,
  manager,
  mesh,
  subject,
}: {
  readonly js: JetStreamClient
  readonly manager: () => Promise<JetStreamManager>
  readonly mesh: string
  readonly subject: string
}): LeaseRecords => {
  const stream = leaseStreamName(mesh)

  const parse = (data: Uint8Array): Omit<LeaseRecord, 'sequence'> | undefined => {
    const [, holder = '', beat] = /^([^ ]{0,1024}) (\d{1,15})$/.exec(Buffer.from(data).toString()) ?? []
    return beat === undefined ? undefined : { holder, beat: Number(beat) }
  }

  /** In memory: when all servers were gone, whoever had a lease has lost it anyway. */
  const make = async (jsm: JetStreamManager): Promise<void> => {
    const { config } = await jsm.streams.info(eventStreamName(mesh))
    await jsm.streams.add({
      name: stream,
      subjects: [leaseSubjects(mesh).all],
      storage: StorageType.Memory,
      num_replicas: config.num_replicas,
      max_msgs_per_subject: 1,
      discard: DiscardPolicy.Old,
    })
  }

  return {
    parse,
    read: async () => {
      const jsm = await manager()
      try {
        const found = await jsm.streams.getMessage(stream, { last_by_subj: subject })
        if (found === null) return undefined
        const { holder, beat } = parse(found.data) ?? { holder: '', beat: 0 }
        return { holder, beat, sequence: found.seq }
      } catch (error) {
        const code = codeOf(error)
        if (code !== noMessage && code !== noStream) throw error
        if (code === noStream) await make(jsm)
        return undefined
      }
    },
    replace: async ({ holder, beat }, after) => {
      try {
        const expect = { streamName: stream, lastSubjectSequence: after }
        return (await js.publish(subject, `${holder} ${beat}`, { expect })).seq
      } catch (error) {
        if (wrongSequence.includes(codeOf(error) ?? 0)) return undefined
        throw error
      }
    },
  }
}

const codeOf = (error: unknown): number | undefined =>
  error instanceof JetStreamApiError ? error.code : undefined
