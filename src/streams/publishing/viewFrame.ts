import type { Position } from '../../model/entry.ts'
import type { FragmentChange, Topic, ViewFrame } from '../../model/frame.ts'
import type { PublishedView } from './publishedView.ts'

/** What is said on `topic` of a change that leads `view` from the digest `before` to what it holds at `position`; without
 *  `before` the change is all that it holds. */
export const viewFrame = (
  view: PublishedView,
  topic: Topic,
  position: Position,
  change: FragmentChange,
  before?: string,
): ViewFrame => ({
  type: 'view',
  topic,
  position,
  ...(before === undefined ? {} : { before }),
  after: view.content.digest.text(),
  ...change,
})
