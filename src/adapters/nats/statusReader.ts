import { isLeft } from 'fp-ts/lib/Either.js'
import { decodeAgentStatus } from '../../codecs/busMessage.ts'
import type { AgentStatus } from '../../model/frame.ts'
import { subjectToken } from '../../model/subjectToken.ts'
import { lastToken } from './busSubjects.ts'

/** What an agent said of its Envoy, and where it hears what is found of that. */
export type SaidStatus = { readonly status: AgentStatus; readonly verdictSubject: string }

/** Reads what agents say of their Envoys. */
export type StatusReader = {
  /** The status in the message `bytes` on `subject`, the same object where it is what was said there last; undefined
   *  when there is none, or it is of another node than the subject's. */
  read(subject: string, bytes: Uint8Array): SaidStatus | undefined
}

type Remembered = SaidStatus & { readonly bytes: Uint8Array }

/** What was not said again for one to two of these is forgotten: agents speak every 5 s. */
const rememberedMs = 60_000
/** Beyond twice as many agents, statuses are read anew though they say nothing new. */
const maxRemembered = 50_000

/** Most statuses say what the last one said: whoever has nothing new to tell shows that it lives. These are known by
 *  their bytes, which costs a twentieth of reading them (0.2 and 4.7 µs). */
export const createStatusReader = (verdictSubject: (node: string) => string): StatusReader => {
  let young = new Map<string, Remembered>()
  let old = new Map<string, Remembered>()
  let turnedMs = performance.now()

  const growOld = (): void => {
    const nowMs = performance.now()
    if (young.size < maxRemembered && nowMs - turnedMs < rememberedMs) return
    old = young
    young = new Map()
    turnedMs = nowMs
  }
  const remember = (subject: string, said: Remembered): SaidStatus => {
    young.set(subject, said)
    return said
  }

  return {
    read: (subject, bytes) => {
      growOld()
      const fresh = young.get(subject)
      const known = fresh ?? old.get(subject)
      if (known !== undefined && Buffer.compare(known.bytes, bytes) === 0)
        return known === fresh ? known : remember(subject, known)
      const read = decodeAgentStatus(bytes)
      if (isLeft(read)) return undefined
      const { node } = read.right
      if (subjectToken(node) !== lastToken(subject)) return undefined
      // A copy: the message is a part of all that came with it.
      return remember(subject, {
        status: read.right,
        verdictSubject: known?.verdictSubject ?? verdictSubject(node),
        bytes: Uint8Array.from(bytes),
      })
    },
  }
}
