import { explain } from '../../src/explain/explain.ts'
import type { Explanation } from '../../src/explain/explanation.ts'
import type { AskedRequest } from '../../src/model/askedRequest.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'
import { projectedTo } from '../convert/projectedTo.ts'
import { startWholeEnvoy } from '../explain/wholeEnvoy.ts'
import { sentTo } from '../explain/worlds/sentTo.ts'
import type { Target } from '../explain/worlds/world.ts'

/** A request, and whom it is sent to. */
export type Asked = { readonly target: Target; readonly request: AskedRequest }

/** One proxy in a mesh before and after its conversion. */
export type TwoMeshes = {
  readonly proxy: ProxyIdentity
  readonly metadata: ProxyMetadata
  readonly before: readonly Resource[]
  readonly after: readonly Resource[]
}

/** What becomes of a request. */
export type Fate = 'reached' | 'answered' | 'redirected' | 'none'

/** How many of `asked` land alike on a real Envoy of each of two meshes, by what becomes of them, and which do not. Where
 *  shares are, each goes to one of the same places; what is aborted by chance, and WebSockets, are left out. With a
 *  `count` so many are taken, four of five of them requests that a rule takes. */
export const landsAlike = async (
  { proxy, metadata, before, after }: TwoMeshes,
  asked: Iterable<Asked>,
  count?: number,
): Promise<{ readonly alike: Readonly<Record<Fate, number>>; readonly otherwise: readonly string[] }> => {
  const [old, made] = await Promise.all(
    [before, after].map((resources) => started(proxy, metadata, resources)),
  )
  if (old === undefined || made === undefined) throw new Error('no two meshes')
  const alike = { reached: 0, answered: 0, redirected: 0, none: 0 }
  const otherwise: string[] = []
  const compare = async (one: Asked): Promise<void> => {
    const [expected, found] = await Promise.all([old.land(one), made.land(one)])
    if (JSON.stringify(expected) === JSON.stringify(found)) alike[expected.fate] += 1
    else otherwise.push(JSON.stringify({ ...one, expected, found }))
  }
  try {
    const all = chosen(asked, (one) => old.explain(one), count)
    for (let from = 0; from < all.length; from += 16)
      await Promise.all(all.slice(from, from + 16).map(compare))
  } finally {
    await Promise.all([old.stop(), made.stop()])
  }
  return { alike, otherwise }
}

const started = async (proxy: ProxyIdentity, metadata: ProxyMetadata, resources: readonly Resource[]) => {
  const { emitted, placeOf } = projectedTo(proxy, metadata, resources)
  const envoy = await startWholeEnvoy(emitted)
  const explained = ({ target, request }: Asked): Explanation | undefined => {
    const asking = sentTo(proxy, target, request)
    return asking && explain(emitted, proxy, asking.read)
  }
  return {
    explain: explained,
    land: async (one: Asked): Promise<{ readonly fate: Fate }> => {
      const asking = sentTo(proxy, one.target, one.request)
      const answer = asking && (await envoy.ask(asking.sent))
      const { route: _, cluster, location, ...seen } = answer ?? { status: 0 }
      if (cluster !== undefined) {
        const shares = (explained(one)?.outcome.clusters ?? []).map(({ name }) => placeOf(name)).sort()
        const place = placeOf(cluster)
        return {
          fate: 'reached',
          ...seen,
          ...{ place: shares.includes(place) ? shares.join(' or ') : place },
        }
      }
      // A Gateway's redirect repeats a port that was asked for.
      if (location !== undefined)
        return { fate: 'redirected', ...seen, ...{ location: location.replace(':80/', '/') } }
      return nothing.includes(seen.status) ? { fate: 'none' } : { fate: 'answered', ...seen }
    },
    stop: () => envoy.stop(),
  }
}

// Ports and certificates are there for rules alone: where one is told that there is nothing, or that his is no request,
// another finds nobody. Who speaks gRPC is told so in a trailer.
const nothing: readonly number[] = [0, 200, 400, 404]

const chosen = (
  asked: Iterable<Asked>,
  explained: (one: Asked) => Explanation | undefined,
  count: number | undefined,
): readonly Asked[] => {
  const found: Asked[] = []
  let untaken = 0
  let tried = 0
  for (const one of asked) {
    tried += 1
    if (count !== undefined && (found.length >= count || tried > 200 * count)) break
    const explanation = explained(one)
    if (explanation === undefined || hasUpgrade(one.request) || isByChance(explanation)) continue
    const taken = explanation.rule !== undefined
    if (count !== undefined && !taken && untaken * 5 > found.length) continue
    if (!taken) untaken += 1
    found.push(one)
  }
  return found
}

const isByChance = ({ outcome, steps }: Explanation): boolean =>
  outcome.type !== 'abort' && steps.some(({ why }) => /aborts .* %/.test(why ?? ''))

const hasUpgrade = ({ headers }: AskedRequest): boolean =>
  Object.keys(headers).some((name) => name.toLowerCase() === 'upgrade')
