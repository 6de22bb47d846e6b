import type { Seen } from './traffic.ts'

/** A rate to one decimal place. */
export const rate = (perSecond: number): string => perSecond.toFixed(1)

/** What was seen, in a line: calls and failures a second, and how reviews were split. */
export const seenLine = ({ perSecond, failedPerSecond, byService }: Seen): string => {
  const reviews = [...(byService.get('reviews') ?? [])].sort()
  const total = reviews.reduce((sum, [, each]) => sum + each, 0)
  const split = reviews.map(([version, each]) => `${version} ${((100 * each) / total).toFixed(1)}%`)
  return `${rate(perSecond)}/s  failed ${rate(failedPerSecond)}/s  reviews  ${split.join('  ')}`
}
