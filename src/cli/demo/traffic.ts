import { caller, type Door } from './load.ts'
import type { Answered } from './startApp.ts'

/** What was seen in the last seconds. */
export type Seen = {
  /** Calls answered per second. */
  readonly perSecond: number
  /** Calls per second that each version of each service answered. */
  readonly byService: ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly failedPerSecond: number
}

export type Traffic = {
  seen(): Seen
  stop(): void
}

const everyMs = 20
const windowMs = 3_000
/** Beyond so many calls under way no more are begun: the mesh does not keep up. */
const mostUnderWay = 64

/** Steady traffic into the demo, 50 calls a second; each fifth is by the user jason. */
export const startTraffic = (door: Door): Traffic => {
  const { call, close } = caller(door, mostUnderWay)
  const recent: { readonly atMs: number; readonly answered: Answered }[] = []
  let underWay = 0
  let count = 0
  const startedMs = performance.now()
  const timer = setInterval(() => {
    if (underWay >= mostUnderWay) return
    underWay += 1
    count += 1
    call(count % 5 === 0 ? { 'end-user': 'jason' } : {}).then((answered) => {
      underWay -= 1
      recent.push({ atMs: performance.now(), answered })
    })
  }, everyMs)
  return {
    seen: () => {
      const nowMs = performance.now()
      const fromMs = Math.max(startedMs, nowMs - windowMs)
      while (recent[0] !== undefined && recent[0].atMs < fromMs) recent.shift()
      return summed(
        recent.map(({ answered }) => answered),
        1000 / Math.max(1, nowMs - fromMs),
      )
    },
    stop: () => {
      clearInterval(timer)
      close()
    },
  }
}

const summed = (answers: readonly Answered[], perSecond: number): Seen => {
  const byService = new Map<string, Map<string, number>>()
  for (const { versions } of answers) {
    for (const [service, version] of Object.entries(versions)) {
      const byVersion = byService.get(service) ?? new Map<string, number>()
      byService.set(service, byVersion.set(version, (byVersion.get(version) ?? 0) + perSecond))
    }
  }
  return {
    perSecond: answers.length * perSecond,
    byService,
    failedPerSecond: answers.filter(({ failed }) => failed).length * perSecond,
  }
}
