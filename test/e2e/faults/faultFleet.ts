import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type IsolatedPlaces, isolatedPlaces } from '../../adapters/nats/isolatedPlaces.ts'
import { service } from '../../reducers/given.ts'
import { startFleet, type TestFleet } from '../fleet.ts'
import type { Answer, Workload } from '../mesh.ts'
import { createGenerations, type Generations, instanceOf, ruleOf } from './generations.ts'
import { createObservations, type Observations } from './observations.ts'
import { startWriters, type Write } from './writers.ts'

/** A workload that calls reviews and ratings through its Envoy. */
export type Caller = {
  readonly name: string
  readonly observations: Observations
  /** Asks reviews, and notes the generation of the rule by which the request went. */
  observe(): Promise<Answer>
  send(): Promise<Answer>
  envoyPid(): number
}

/** Three servers of NATS that can be cut off, three controllers, six workloads with agents and Envoys, and writes all
 *  the time. */
export type FaultFleet = TestFleet & {
  readonly network: IsolatedPlaces
  readonly callers: readonly Caller[]
  /** As of the last `readLog`. */
  readonly generations: Generations
  /** Writes that have ended. */
  readonly writes: readonly Write[]
  /** Reads what is new in the log, where a controller answers. */
  readLog(): Promise<void>
  /** Ends the writes, and waits until the fleet has taken them. */
  quiet(): Promise<void>
}

export const startFaultFleet = async (programs: {
  readonly envoy: string
  readonly nats: string
}): Promise<FaultFleet> => {
  const network = await isolatedPlaces(3)
  const fleet = await startFleet({ ...programs, nodes: 3, controllers: 3, places: network.places })
  const { mesh, controllers, agents } = fleet
  const callers: Caller[] = []
  for (const name of ['client', 'reviews', 'ratings']) {
    await mesh.put(service(name))
    for (const version of ['v1', 'v2'])
      callers.push(
        callerAt(await workload(fleet, name, version), agents.get(`${name}-${version}`)?.state ?? ''),
      )
  }
  for (const host of ['reviews', 'ratings']) {
    await mesh.put(retryingWithoutBound(host))
    await mesh.put(ruleOf(host === 'reviews' ? 0 : -1, host))
  }
  await mesh.settled()

  const { items: instances } = await mesh.json<{ items: Parameters<typeof instanceOf>[1][] }>(
    '/api/v1/config/Instance/default',
  )
  const urls = controllers.map(({ url }) => url)
  const writers = startWriters(urls, (generation) => {
    const instance = generation % 3 === 0 ? instances[generation % instances.length] : undefined
    return instance === undefined ? ruleOf(generation) : instanceOf(generation, instance)
  })
  const generations = createGenerations()
  const readLog = async (): Promise<void> => {
    for (const url of urls) {
      try {
        return await generations.readOn(url)
      } catch {}
    }
  }
  return {
    ...fleet,
    network,
    callers,
    generations,
    writes: writers.writes,
    readLog,
    quiet: async () => {
      await writers.stop()
      await mesh.settled()
      await readLog()
    },
    stop: async () => {
      await writers.stop()
      await fleet.stop()
      await network.remove()
    },
  }
}

/** Its application answers the generation that its caller's Envoy named. */
const workload = ({ mesh }: TestFleet, name: string, version: string): Promise<Workload> =>
  mesh.workload(`${name}-${version}`, {
    service: name,
    version,
    answer: ({ headers }, response) => response.end(headers['x-generation'] ?? ''),
  })

const callerAt = ({ name, get }: Workload, state: string): Caller => {
  const observations = createObservations()
  return {
    name,
    observations,
    observe: async () => {
      const note = observations.begin()
      const answer = await get('reviews:9080')
      if (answer.status === 200) note(Number(answer.body))
      return answer
    },
    send: () => get('ratings:9080'),
    envoyPid: () => Number(/^\d+/.exec(readFileSync(join(state, 'envoy', 'epoch-0'), 'utf8'))?.[0]),
  }
}

/** Envoy lets three requests be tried again at a time, unless it is told otherwise. */
const retryingWithoutBound = (host: string): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: host, namespace: 'default' },
  spec: { host, trafficPolicy: { connectionPool: { http: { maxRetries: 1_000 } } } },
})
