import { isLeft, isRight, left, right } from 'fp-ts/lib/Either.js'
import { onTestFinished } from 'vitest'
import { memoryLog } from '../../src/adapters/log/memoryLog.ts'
import { parseNodeId } from '../../src/codecs/nodeId.ts'
import { parseProxyMetadata } from '../../src/codecs/proxyMetadata.ts'
import type { Resource } from '../../src/model/resource.ts'
import { nameOf } from '../../src/model/resourceName.ts'
import type { Change, Rejection, WriteRequest, Written } from '../../src/model/write.ts'
import type { Clock, EventLog } from '../../src/ports.ts'
import { emptySnapshot } from '../../src/reducers/mesh.ts'
import { runController } from '../../src/streams/controller.ts'
import type { Identify } from '../../src/streams/sessions.ts'

export const identify: Identify = (node) => {
  const identity = parseNodeId(node.id)
  if (isLeft(identity)) return left(identity.left)
  return right({ identity: identity.right, metadata: parseProxyMetadata(node.metadata).metadata })
}

/** A clock that moves only when it is told to, and ids that count. */
export const handClock = (): Clock & { set(nowMs: number): void; setBy(byMs: number): void } => {
  let nowMs = Date.UTC(2026, 0, 1)
  let setByMs = 0
  let ids = 0
  return {
    nowMs: () => nowMs + setByMs,
    monotonicMs: () => nowMs,
    newId: () => `id-${++ids}`,
    set: (to) => {
      nowMs = to
    },
    setBy: (byMs) => {
      setByMs += byMs
    },
  }
}

/** A controller on `log` that ends with the test. */
export const startOn = (log: EventLog = memoryLog(), clock = handClock()) => {
  const lost: Error[] = []
  const running = runController({
    log,
    start: emptySnapshot,
    identify,
    clock,
    lost: (reason) => lost.push(reason),
  })
  onTestFinished(async () => {
    running.stop()
    await log.close()
  })
  const write = async (changes: readonly Change[], more: Partial<WriteRequest> = {}) =>
    running.controller.write({ changes, actor: 'anonymous', source: 'http', ...more })
  return { ...running, log, clock, lost, write }
}

export const apply = (resource: Resource): Change => ({ type: 'apply', resource })
export const remove = (resource: Resource): Change => ({ type: 'remove', name: nameOf(resource) })

/** What was written, or fails. */
export const written = async (answer: ReturnType<ReturnType<typeof startOn>['write']>): Promise<Written> => {
  const result = await answer
  if (isRight(result)) return result.right
  throw new Error(`refused: ${JSON.stringify(result.left)}`)
}

/** Why it was refused, or `undefined`. */
export const refusal = async (
  answer: ReturnType<ReturnType<typeof startOn>['write']>,
): Promise<Rejection['_tag'] | undefined> => {
  const result = await answer
  return isLeft(result) ? result.left._tag : undefined
}

/** All entries of a log so far. */
export const entriesIn = async (log: EventLog) => {
  const { position } = await log.end()
  const abort = new AbortController()
  const entries = []
  if (position > 0)
    for await (const batch of log.tail(0, abort.signal)) {
      entries.push(...batch)
      if (entries.length >= position) break
    }
  abort.abort()
  return entries
}
