import type { Verdict } from '../../model/frame.ts'

/** Says what is found of statuses, many at a time. */
export type VerdictSender = {
  say(subject: string, verdict: Verdict): void
  /** Says nothing more, what waits included. */
  close(): void
}

/** Agents wait for 2 s. What is said to many of them within this takes one write to the server instead of one each,
 *  which would be the greater part of what a status costs. */
const togetherMs = 25
const maxTogether = 1_000

/** Says verdicts by `publish`. */
export const createVerdictSender = (publish: (subject: string, verdict: Verdict) => void): VerdictSender => {
  const waiting: (readonly [string, Verdict])[] = []
  let timer: ReturnType<typeof setTimeout> | undefined
  const sayAll = (): void => {
    clearTimeout(timer)
    timer = undefined
    for (const [subject, verdict] of waiting.splice(0)) publish(subject, verdict)
  }
  return {
    say: (subject, verdict) => {
      waiting.push([subject, verdict])
      if (waiting.length >= maxTogether) sayAll()
      else timer ??= setTimeout(sayAll, togetherMs)
    },
    close: () => {
      clearTimeout(timer)
      waiting.length = 0
    },
  }
}
