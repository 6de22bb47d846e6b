import type { Entry } from '../../../src/model/entry.ts'
import type { Resource } from '../../../src/model/resource.ts'

/** Where the log holds each generation of what is written. */
export type Generations = {
  /** The one position; undefined where there is none, or more than one. */
  positionOf(generation: number): number | undefined
  positionsOf(generation: number): readonly number[]
  /** Ids of all events, in order. */
  readonly ids: readonly string[]
  /** Reads on to the end of the log; rejects when the controller does not answer. */
  readOn(url: string): Promise<void>
}

/** The rule for reviews of this generation: callers' Envoys tell it to the application, and try again elsewhere what an
 *  Envoy that has gone did not answer. */
export const ruleOf = (generation: number, host = 'reviews'): Resource<'VirtualService'> => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: host, namespace: 'default' },
  spec: {
    hosts: [host],
    http: [
      {
        headers: { request: { set: { 'x-generation': String(generation) } } },
        retries: { attempts: 6, retryOn: 'connect-failure,refused-stream,reset,503' },
        route: [{ destination: { host } }],
      },
    ],
  },
})

/** An instance of this generation, with a weight of its own. */
export const instanceOf = (generation: number, instance: Resource<'Instance'>): Resource<'Instance'> => ({
  ...instance,
  spec: {
    ...instance.spec,
    labels: { ...instance.spec.labels, generation: String(generation) },
    weight: 1 + (generation % 3),
  },
})

const generationOf = (resource: Resource | undefined): string | undefined => {
  if (resource?.kind === 'Instance') return (resource as Resource<'Instance'>).spec.labels?.['generation']
  if (resource?.kind !== 'VirtualService') return undefined
  return (resource as Resource<'VirtualService'>).spec.http?.[0]?.headers?.request?.set?.['x-generation']
}

export const createGenerations = (): Generations => {
  const positions = new Map<number, number[]>()
  const ids: string[] = []
  let next = 1

  const take = ({ position, events }: Entry): void => {
    for (const { id, data } of events) {
      ids.push(id)
      const generation = generationOf((data as { readonly resource?: Resource }).resource)
      if (generation !== undefined) {
        const known = positions.get(Number(generation)) ?? []
        positions.set(Number(generation), [...known, position])
      }
    }
    next = position + 1
  }
  const positionsOf = (generation: number): readonly number[] => positions.get(generation) ?? []
  return {
    positionsOf,
    positionOf: (generation) => {
      const [position, another] = positionsOf(generation)
      return another === undefined ? position : undefined
    },
    ids,
    readOn: async (url) => {
      const answer = await fetch(`${url}/api/v1/events?from=${next}`, {
        headers: { accept: 'application/json' },
        signal: AbortSignal.timeout(5_000),
      })
      const { items } = (await answer.json()) as { readonly items: readonly Entry[] }
      for (const entry of items) if (entry.position === next) take(entry)
    },
  }
}
