import { explain } from '../../../src/explain/explain.ts'
import type { Explanation } from '../../../src/explain/explanation.ts'
import type { AskedRequest } from '../../../src/model/askedRequest.ts'
import type { Answered } from '../answerIn.ts'
import type { Draw } from '../draw.ts'
import { emittedTo } from '../emittedTo.ts'
import { startWholeEnvoy } from '../wholeEnvoy.ts'
import { oddRequest } from './oddRequest.ts'
import { sentTo } from './sentTo.ts'
import type { World } from './world.ts'

/** Where `explain` and a real Envoy differ over `count` requests, and of how many Envoy reached a cluster. */
export const disagreements = async (
  draw: Draw,
  world: World,
  count: number,
): Promise<{ readonly found: readonly string[]; readonly reached: number }> => {
  const emitted = emittedTo(world.proxy, world.metadata, world.resources)
  const envoy = await startWholeEnvoy(emitted)
  const found: string[] = []
  let reached = 0
  const asked = Array.from({ length: count }, () => {
    const target = draw.one(world.targets)
    return { target, request: oddRequest(draw, target), absolute: draw.chance(0.05) }
  })
  const compare = async ({ target, request, absolute }: (typeof asked)[number]): Promise<void> => {
    const asking = sentTo(world.proxy, target, request, absolute)
    if (asking === undefined) return
    const explanation = explain(emitted, world.proxy, asking.read)
    const answered = await envoy.ask(asking.sent)
    if (answered?.cluster !== undefined) reached += 1
    const what = disagreement(explanation, answered, isGrpc(request))
    if (what !== undefined)
      found.push(`${what}: ${JSON.stringify({ target, request, absolute, answered, explanation })}`)
  }
  try {
    for (let from = 0; from < asked.length; from += 16)
      await Promise.all(asked.slice(from, from + 16).map(compare))
  } finally {
    await envoy.stop()
  }
  return { found, reached }
}

const isGrpc = ({ headers }: AskedRequest): boolean =>
  /^application\/grpc(\+|$)/.test(String(headers['content-type'] ?? ''))

/** What Envoy's answer says against the explanation; nothing where they agree. */
const disagreement = (
  { outcome, steps }: Explanation,
  answered: Answered | undefined,
  grpc: boolean,
): string | undefined => {
  const aborts = steps.flatMap(({ why }) => /aborts .* % with (\d+)/.exec(why ?? '')?.[1] ?? [])
  if (answered !== undefined && answered.cluster === undefined)
    if (grpc ? aborts.length > 0 : aborts.includes(String(answered.status))) return undefined
  if (outcome.type === 'cluster') {
    const names = outcome.clusters?.map(({ name }) => name) ?? []
    if (answered?.cluster === undefined) return 'no cluster'
    if (!names.includes(answered.cluster)) return 'another cluster'
    if (outcome.path === undefined) return answered.route === undefined ? undefined : 'a route'
    if (answered.path !== outcome.path) return 'another path'
    if (outcome.authority !== undefined && answered.authority !== outcome.authority)
      return 'another authority'
    return answered.route === steps.at(-1)?.name ? undefined : 'another route'
  }
  if (answered?.cluster !== undefined) return 'a cluster'
  if (outcome.status === undefined) return answered === undefined ? undefined : 'an answer'
  // What Envoy answers by itself to gRPC has its status in a trailer, unless it could not even read it.
  if (answered?.status !== (grpc && answered?.status !== 400 ? 200 : outcome.status)) return 'another status'
  if (outcome.type === 'redirect' && answered.location !== outcome.location) return 'another location'
  return undefined
}
