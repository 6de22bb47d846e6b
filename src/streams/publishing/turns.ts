import { emptyDigest } from '../../agent/digest.ts'
import type { ProxyFrame } from '../../model/frame.ts'
import type { PublishedView } from './publishedView.ts'

/** How a view differs from the one that a proxy read before. */
export type Turn = NonNullable<ProxyFrame['turn']>

/** What makes the view `to` of the view `from`, for readers of a namespace; undefined: no view before, or none now. */
export type TurnOf = (
  from: PublishedView | undefined,
  to: PublishedView | undefined,
  namespace: string,
) => Turn | undefined

/** A change of view that takes more goes to those who ask. */
const maxTurnBytes = 262_144

/** The turns of one step: many proxies may turn from one view to the same other, so each is made once. */
export const createTurns = (): TurnOf => {
  const made = new Map<PublishedView | undefined, Map<PublishedView, Turn | undefined>>()
  return (from, to, namespace) => {
    if (to === undefined) return undefined
    const its = made.get(from) ?? new Map<PublishedView, Turn | undefined>()
    made.set(from, its)
    if (!its.has(to)) its.set(to, turnBetween(from, to))
    const turn = its.get(to)
    return turn && { ...turn, from: from?.topicFor(namespace) ?? '' }
  }
}

const turnBetween = (from: PublishedView | undefined, to: PublishedView): Turn | undefined => {
  const change = from === undefined ? to.whole() : to.from(from)
  if (change.put.reduce((sum, { bytes }) => sum + bytes.length, 0) > maxTurnBytes) return undefined
  return {
    from: '',
    before: from?.content.digest.text() ?? emptyDigest,
    after: to.content.digest.text(),
    ...change,
  }
}
