import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as after } from 'node:timers/promises'
import { startLoad } from '../load.ts'
import type { Answer } from '../mesh.ts'
import type { Caller, FaultFleet } from './faultFleet.ts'
import type { Write } from './writers.ts'

/** Something that befalls a fleet. */
export type Fault = {
  readonly name: string
  begin(): unknown
  /** From when it has begun until it is ended, at least; it is not before writes are acknowledged again where
   *  `untilWritten` says so. */
  readonly lastsMs?: number
  readonly untilWritten?: boolean
  /** It is over when this is done. */
  end?(): unknown
  /** What is made good when the fleet has come through. */
  repair?(): unknown
  /** Whose Envoy is not alive meanwhile. */
  readonly without?: string
}

/** How a fleet came through a fault; times in ms. */
export type Outcome = {
  readonly fault: string
  readonly requests: number
  readonly perSecond: number
  readonly failures: readonly string[]
  /** The longest time in which the test itself did not get on: what it measured is that much too long. */
  readonly stalled: number
  /** The longest time in which no write was acknowledged. */
  readonly writesGone: number
  /** From when the fault was ended until a write was acknowledged. */
  readonly writesBack: number
  /** From when the fault was ended until every Envoy routed by all that had been acknowledged before. */
  readonly converged: number
}

const requestsPerSecond = 240
/** What takes longer has not come back. */
const limitMs = 40_000

/** Puts `fleet` through a fault, under load through every Envoy that is alive. Rejects when it does not come back. */
export const endure = async (fleet: FaultFleet, fault: Fault): Promise<Outcome> => {
  const load = startFleetLoad(fleet.callers)
  const loop = monitorEventLoopDelay()
  loop.enable()
  const { writes } = fleet
  const sentFrom = (atMs: number) => writes.filter(({ sentAtMs }) => sentAtMs >= atMs)
  const startedMs = performance.now()
  await until('a write is acknowledged', async () => acksOf(sentFrom(startedMs)).length > 0)
  if (fault.without !== undefined) await load.leaveOut(fault.without)
  const beganMs = performance.now()
  await fault.begin()
  await after(fault.lastsMs ?? 0)
  if (fault.untilWritten === true)
    await until('a write is acknowledged meanwhile', async () => acksOf(sentFrom(beganMs)).length > 0)
  await fault.end?.()
  const endedMs = performance.now()
  const acknowledged = Math.max(
    0,
    ...writes.map(({ acked, generation }) =>
      acked !== undefined && acked.atMs < endedMs && generation % 3 !== 0 ? acked.position : 0,
    ),
  )
  const dead = fleet.callers.find(({ name }) => name === fault.without)
  if (dead !== undefined)
    await until('the Envoy is back', async () => {
      const answer = await dead.observe().catch(() => undefined)
      return answer?.status === 200
    })
  await until('all have converged', async () => {
    await fleet.readLog()
    await dead?.observe()
    const { positionOf } = fleet.generations
    return fleet.callers.every(({ observations }) => {
      const newest = observations.newest()
      return newest !== undefined && (positionOf(newest) ?? 0) >= acknowledged
    })
  })
  const convergedMs = performance.now()
  await until('writes are back', async () => acksOf(sentFrom(endedMs)).length > 0)
  const acks = acksOf(writes).filter((atMs) => atMs >= beganMs)
  await fault.repair?.()
  const { requests, perSecond, failures } = await load.stop()
  const back = acks.find((atMs) => atMs >= endedMs) ?? Number.POSITIVE_INFINITY
  return {
    fault: fault.name,
    requests,
    perSecond: Math.floor(perSecond),
    failures,
    stalled: Math.round(loop.max / 1e6),
    writesGone: Math.round(longestGap([beganMs, ...acks])),
    writesBack: Math.round(back - endedMs),
    converged: Math.round(convergedMs - endedMs),
  }
}

/** Requests through the Envoys of all callers by turns. */
const startFleetLoad = (callers: readonly Caller[]) => {
  const underWay = new Map(callers.map(({ name }) => [name, 0]))
  const counted = async ({ name }: Caller, send: () => Promise<Answer>): Promise<Answer> => {
    underWay.set(name, (underWay.get(name) ?? 0) + 1)
    try {
      return await send()
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`)
    } finally {
      underWay.set(name, (underWay.get(name) ?? 0) - 1)
    }
  }
  let here = callers
  let turn = 0
  const next = (): Promise<Answer> => {
    turn += 1
    const caller = here[Math.floor(turn / 2) % here.length]
    if (caller === undefined) throw new Error('nobody calls')
    return counted(caller, turn % 2 === 0 ? caller.observe : caller.send)
  }
  const load = startLoad([next], requestsPerSecond)
  return {
    stop: load.stop,
    leaveOut: async (left: string): Promise<void> => {
      here = callers.filter(({ name }) => name !== left)
      await until(`${left} has all its answers`, async () => underWay.get(left) === 0)
    },
  }
}

const until = async (what: string, is: () => Promise<boolean>): Promise<void> => {
  const sinceMs = performance.now()
  while (!(await is())) {
    if (performance.now() - sinceMs > limitMs) throw new Error(`not within ${limitMs} ms: ${what}`)
    await after(20)
  }
}

const acksOf = (writes: readonly Write[]): readonly number[] =>
  writes.flatMap(({ acked }) => (acked === undefined ? [] : [acked.atMs]))

const longestGap = (times: readonly number[]): number =>
  Math.max(...times.map((time, i) => time - (times[i - 1] ?? time)))
