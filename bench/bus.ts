// What is said to many agents over NATS, beside bare messages of the same size in the same run: node scripts/bench.mjs bus
// [agents] [services] [instances] [rounds] [storm seconds] [storm events a second]
// One controller, one server, simulated agents in two processes; each namespace of 50 services has its share of the
// agents, which see it, `everyone`, and, in two namespaces, `paired`.
import { isLeft } from 'fp-ts/lib/Either.js'
import { connectNats } from '../src/adapters/nats/connectNats.ts'
import { natsServerProgram } from '../src/adapters/outsidePrograms/natsServerProgram.ts'
import { openLog } from '../src/cli/openLog.ts'
import type { Entry } from '../src/model/entry.ts'
import type { MeshEvent } from '../src/model/event.ts'
import { namespaceNamed } from '../src/model/namespaceNamed.ts'
import type { ProxyIdentity } from '../src/model/proxy.ts'
import type { Resource } from '../src/model/resource.ts'
import { startNats } from '../test/adapters/nats/natsHarness.ts'
import {
  callerIn,
  entriesOf,
  instanceResource,
  largeMesh,
  namespaceOf,
  scopeResource,
  serviceResource,
  servicesPerNamespace,
} from './given/largeMesh.ts'
import { beLogWriter, logWriter } from './given/logWriter.ts'
import { measuredController } from './given/measuredController.ts'
import { monotonicMs } from './given/monotonicMs.ts'
import { percentile } from './given/percentile.ts'
import { programAt } from './given/programAt.ts'
import { bareFor, bareForAll, beSimulatedAgents, simulatedAgents } from './given/simulatedAgents.ts'

const mesh = 'bench'

const bench = async (): Promise<void> => {
  const [
    agents = 10_000,
    services = 10_000,
    instances = 100_000,
    rounds = 200,
    stormSeconds = 30,
    perSecond = 1_000,
  ] = process.argv.slice(2).map(Number)
  const namespaces = Math.ceil(services / servicesPerNamespace)
  const perNamespace = Math.ceil(agents / namespaces)
  const nats = await startNats(await programAt(natsServerProgram), { extra: 'max_payload: 8MB' })
  const { hostname, port } = new URL(nats.urls[0] as string)
  const fleet = simulatedAgents(2, mesh, hostname, Number(port))
  try {
    const place = { profile: { urls: nats.urls, clientName: 'rutter-controller bench' }, mesh }
    const filling = await openLog(place, () => {})
    for (const { events, position } of entriesOf(benchMesh(services, instances), 1_000)) {
      const answer = await filling.log.append(events, position - 1)
      if (isLeft(answer)) throw new Error(answer.left._tag)
    }
    await filling.log.close()

    const opened = await openLog(place, () => {})
    const link = await connectNats(place.profile)
    if (isLeft(link)) throw link.left
    const bare = link.right.connection
    const writer = logWriter(mesh, nats.urls[0] as string)
    const bus = opened.bus?.('bench')
    if (bus === undefined) throw new Error('no bus')
    const deliveredMs = new Map<number, number>()
    const noting = async function* (after: number, signal: AbortSignal): AsyncIterable<readonly Entry[]> {
      for await (const entries of opened.log.tail(after, signal)) {
        const nowMs = monotonicMs()
        for (const { position } of entries) deliveredMs.set(position, nowMs)
        yield entries
      }
    }
    const running = measuredController({
      log: { ...opened.log, tail: noting },
      start: opened.start.snapshot,
      bus,
    })
    const write = async (...resources: readonly Resource[]): Promise<number> => {
      const written = await running.controller.write({
        changes: resources.map((resource) => ({ type: 'apply', resource })),
        actor: 'bench',
        source: 'bench',
      })
      if (isLeft(written)) throw new Error(JSON.stringify(written.left))
      return written.right.position
    }
    const comparisons = (): number => running.publishing?.counters().statusesCompared ?? 0
    /** Statuses that were right. */
    const rights = (): number => {
      const counters = running.publishing?.counters()
      if (counters === undefined) throw new Error('no bus')
      return counters.statusesCompared - counters.statusesOnTheirWay - counters.statusesMissing
    }
    const published = (): number => running.publishing?.counters().framesPublished ?? 0

    /** What one change after another takes until the last of those whom it concerns has heard of it, each with the bare
     *  message beside it. */
    const measure = async (
      what: string,
      count: number,
      change: (round: number) => MeshEvent,
      interested: (identity: ProxyIdentity) => boolean,
      bareSubjects: readonly string[],
      frameBytes: number,
    ): Promise<void> => {
      const bareMs: number[] = []
      const fromDeliveryMs: number[] = []
      const fromAppendMs: number[] = []
      const payload = new Uint8Array(frameBytes)
      for (let round = 0; round < count; round += 1) {
        await fleet.arrivals()
        const bareFrom = monotonicMs()
        for (const subject of bareSubjects) bare.publish(subject, payload)
        bareMs.push((await fleet.expect(interested)) - bareFrom)
        await fleet.arrivals()
        const { position, fromMs } = await writer.append(change(round))
        const lastMs = await fleet.expect(interested)
        fromAppendMs.push(lastMs - fromMs)
        fromDeliveryMs.push(lastMs - (deliveredMs.get(position) ?? Number.NaN))
      }
      const shown = (times: readonly number[]) =>
        `p50 ${percentile(times, 0.5)}, p99 ${percentile(times, 0.99)} ms`
      console.log(`${what}`)
      console.log(
        `  delivered → last agent ${shown(fromDeliveryMs)}; append → last agent ${shown(fromAppendMs)}`,
      )
      console.log(`  bare message of ${frameBytes} bytes ${shown(bareMs)}`)
    }

    const spent = async (work: () => Promise<unknown>): Promise<{ cpuMs: number; tookMs: number }> => {
      const from = monotonicMs()
      const cpu = process.cpuUsage()
      await work()
      const { user, system } = process.cpuUsage(cpu)
      return { cpuMs: (user + system) / 1000, tookMs: monotonicMs() - from }
    }

    /** The controller's own processor time for each of `count` changes, beyond what passes without them: one by one,
     *  and in a stream of them. */
    const processorPerChange = async (
      what: string,
      count: number,
      change: (n: number) => MeshEvent,
    ): Promise<void> => {
      for (const everyMs of [10, 2]) {
        const before = published()
        const changes = Array.from({ length: count }, (_, n) => change(n))
        const busy = await spent(() => writer.appendEach(changes, everyMs))
        const messages = (published() - before) / count
        const idle = await spent(() => new Promise((resolve) => setTimeout(resolve, busy.tookMs)))
        const perChange = (busy.cpuMs - (idle.cpuMs / idle.tookMs) * busy.tookMs) / count
        console.log(
          `${what}, one every ${everyMs} ms: ${perChange.toFixed(3)} ms of processor each; ${messages.toFixed(2)} messages each`,
        )
      }
    }

    const identities = Array.from({ length: agents }, (_, i) =>
      callerIn(namespaceOf((i % namespaces) * servicesPerNamespace), i),
    )
    // `agents` are dealt to namespaces in turn, so the first hundred would have few each: those go to two namespaces.
    const few = identities.filter(inTeam(0, 1))
    const rest = identities.filter((identity) => !few.includes(identity))
    const endpoint = (service: number) => (round: number) =>
      joined(moved(instanceResource(service, service), round))

    await fleet.start(few)
    // A controller that has run for a while: what runs often has been compiled.
    await writer.appendEach(
      Array.from({ length: warmUpEvents }, (_, n) => joined(moved(instanceResource(n % 10, n % 10), n))),
      1,
    )
    await processorPerChange(
      `endpoint event, ${few.length} agents, ${perNamespace} interested`,
      300,
      endpoint(0),
    )
    const connectingFrom = monotonicMs()
    await fleet.start(rest)
    console.log(
      `${rest.length} agents connected and told all in ${((monotonicMs() - connectingFrom) / 1000).toFixed(1)} s`,
    )
    await settled(fleet)
    const comparedBefore = comparisons()
    const quiet = await spent(() => new Promise((resolve) => setTimeout(resolve, 30_000)))
    const statuses = comparisons() - comparedBefore
    console.log(
      `nothing happens, ${agents} agents: ${((quiet.cpuMs / quiet.tookMs) * 100).toFixed(1)} % of a processor, ${((quiet.cpuMs / statuses) * 1_000).toFixed(0)} µs for each of ${statuses} statuses`,
    )
    await processorPerChange(`endpoint event, ${agents} agents, ${perNamespace} interested`, 300, endpoint(0))
    await processorPerChange('event that concerns nobody', 300, (n) => joined(moved(nobodysInstance, n)))
    await measure(
      `endpoint event, ${perNamespace} of ${agents} interested`,
      rounds,
      endpoint(0),
      inTeam(0),
      [bareFor('team-0')],
      frameBytes,
    )
    await measure(
      `endpoint event, all ${agents} interested`,
      Math.ceil(rounds / 8),
      (round) => joined(moved(everyonesInstance, round)),
      () => true,
      [bareForAll],
      frameBytes,
    )
    await measure(
      `rule that concerns ${perNamespace * 2} of ${agents}`,
      rounds,
      pairedRule,
      inTeam(0, 1),
      [bareFor('team-0'), bareFor('team-1')],
      frameBytes,
    )

    await settled(fleet)
    await fleet.arrivals()
    await bareStorm(stormSeconds, services, perNamespace)
    await storm(stormSeconds, services, perNamespace)

    /** Bare messages to the same agents, as many a second as events come in the storm. */
    async function bareStorm(seconds: number, over: number, each: number): Promise<void> {
      const sentMs: number[] = []
      const fromMs = monotonicMs()
      while (sentMs.length < seconds * perSecond) {
        const due = Math.min(seconds * perSecond, ((monotonicMs() - fromMs) / 1_000) * perSecond)
        for (let n = sentMs.length; n < due; n += 1) {
          sentMs.push(monotonicMs())
          bare.publish(bareFor(namespaceOf((n * 51) % over)), barePayload(n))
        }
        await new Promise((resolve) => setTimeout(resolve, 1))
      }
      await settled(fleet)
      const lagMs = (await fleet.arrivals()).flatMap(({ position, lastMs, count }) =>
        count === each ? [lastMs - (sentMs[position] ?? Number.NaN)] : [],
      )
      console.log(`${perSecond} bare messages a second for ${seconds} s to the same agents`)
      console.log(
        `  sent → last agent p50 ${percentile(lagMs, 0.5)}, p99 ${percentile(lagMs, 0.99)} ms; ${sentMs.length - lagMs.length} that somebody missed`,
      )
    }

    async function storm(seconds: number, over: number, each: number): Promise<void> {
      const from = monotonicMs()
      const events = Array.from({ length: seconds * perSecond }, (_, n) => {
        const service = (n * 51) % over
        return joined(moved(instanceResource(service, service), n + 1_000))
      })
      const appended = await writer.appendEach(events, 1_000 / perSecond)
      const tookMs = monotonicMs() - from
      const positions = new Map<string, number[]>()
      appended.forEach(({ position }, n) => {
        const name = `service-${(n * 51) % over}`
        const its = positions.get(name)
        if (its === undefined) positions.set(name, [position])
        else its.push(position)
      })
      await settled(fleet)
      const arrivals = new Map<string, { position: number; lastMs: number; count: number }[]>()
      for (const { subject, ...arrival } of await fleet.arrivals()) {
        const [, name = ''] = /(service-\d+)/.exec(subject) ?? []
        arrivals.set(name, [...(arrivals.get(name) ?? []), arrival])
      }
      const lagMs: number[] = []
      let lost = 0
      for (const [name, its] of positions)
        for (const position of its) {
          const heard = (arrivals.get(name) ?? []).filter((one) => one.position >= position)
          const first = heard.sort((a, b) => a.position - b.position)[0]
          if (first === undefined || first.count !== each) lost += 1
          else lagMs.push(first.lastMs - (deliveredMs.get(position) ?? Number.NaN))
        }
      console.log(
        `${perSecond} endpoint events a second for ${seconds} s (took ${(tookMs / 1000).toFixed(1)} s), ${each} of ${agents} interested in each`,
      )
      console.log(
        `  delivered → last agent p50 ${percentile(lagMs, 0.5)}, p99 ${percentile(lagMs, 0.99)} ms; ${lost} events that somebody missed`,
      )
    }

    await settled(fleet)
    await rightTwice(rights, agents)
    const before = await fleet.counters()
    await fleet.drop()
    for (let n = 0; n < 100; n += 1)
      await write(moved(instanceResource(n * servicesPerNamespace, n * servicesPerNamespace), n + 7))
    const reconnectFrom = monotonicMs()
    await fleet.reconnect()
    const reconnectSeconds = (monotonicMs() - reconnectFrom) / 1000
    const after = await fleet.counters()
    console.log(
      `${agents} agents reconnect after 100 changes: all told in ${reconnectSeconds.toFixed(1)} s, ${Math.round((after.receivedBytes - before.receivedBytes) / agents)} bytes each on average`,
    )
    console.log(`gaps noticed in all: ${after.gaps}`)
    writer.stop()
    running.stop()
    bus.close()
    await link.right.close()
    await opened.log.close()
  } finally {
    fleet.stop()
    await nats.stop()
  }
}

const warmUpEvents = 5_000

/** About what the endpoints of a service of ten instances weigh as a frame. */
const frameBytes = 1_300

/** A bare message that tells where it stands among others, as a frame does. */
const barePayload = (position: number): Uint8Array => {
  const payload = Buffer.alloc(frameBytes)
  payload.write(`    {"position":${position}}`)
  return payload
}

const registered = (resource: Resource<'Service'>): MeshEvent => ({
  type: 'ServiceRegistered',
  v: 1,
  data: { resource },
})
const joined = (resource: Resource<'Instance'>): MeshEvent => ({
  type: 'InstanceJoined',
  v: 1,
  data: { resource },
})

const named = <R extends Resource>(resource: R, name: string, namespace: string): R => ({
  ...resource,
  metadata: { name, namespace },
})
const everyone = named(serviceResource(0), 'everyone', 'shared')
const paired = named(serviceResource(0), 'paired', 'pair')
const nobodys = named(serviceResource(0), 'nobodys', 'empty')
const instanceOf = (service: Resource<'Service'>): Resource<'Instance'> => {
  const { name, namespace } = service.metadata
  const instance = named(instanceResource(0, 0), `${name}-0`, namespace)
  return { ...instance, spec: { ...instance.spec, service: name } }
}
const everyonesInstance = instanceOf(everyone)
const nobodysInstance = instanceOf(nobodys)

function* benchMesh(services: number, instances: number): Generator<MeshEvent> {
  yield* largeMesh(services, instances)
  for (const service of [everyone, paired, nobodys]) {
    yield registered(service)
    for (let n = 0; n < 10; n += 1) {
      const instance = instanceOf(service)
      yield joined({
        ...named(instance, `${service.metadata.name}-${n}`, service.metadata.namespace),
        spec: { ...instance.spec, address: `10.200.0.${n}` },
      })
    }
  }
  for (let i = 0; i < services; i += servicesPerNamespace) {
    const scope = scopeResource(namespaceOf(i))
    const hosts = ['./*', 'shared/*', ...(i < 2 * servicesPerNamespace ? ['pair/*'] : [])]
    yield { type: 'ConfigApplied', v: 1, data: { resource: { ...scope, spec: { egress: [{ hosts }] } } } }
  }
}

/** The instance at another address. */
const moved = (instance: Resource<'Instance'>, turn: number): Resource<'Instance'> => ({
  ...instance,
  spec: { ...instance.spec, address: `10.201.${(turn >> 8) & 255}.${turn & 255}` },
})

const pairedRule = (round: number): MeshEvent => ({
  type: 'ConfigApplied',
  v: 1,
  data: { resource: ruleOf(round) },
})

const ruleOf = (round: number): Resource<'RouteRule'> => ({
  apiVersion: 'config.istio.io/v1alpha2',
  kind: 'RouteRule',
  metadata: { name: 'paired', namespace: 'pair' },
  spec: { destination: { name: 'paired' }, httpReqTimeout: { simpleTimeout: { timeout: `${round + 1}s` } } },
})

const inTeam =
  (...teams: readonly number[]) =>
  (identity: ProxyIdentity): boolean =>
    teams.some((team) => namespaceNamed(identity) === `team-${team}`)

/** Resolves once agents hear nothing more. */
const settled = async (fleet: ReturnType<typeof simulatedAgents>): Promise<void> => {
  for (let quiet = 0; quiet < 3; ) {
    const before = (await fleet.counters()).gaps
    await new Promise((resolve) => setTimeout(resolve, 500))
    quiet = (await fleet.counters()).gaps === before ? quiet + 1 : 0
  }
}

/** Resolves once agents were found about twice each to hold what they should: those of whom that was known long ago would
 *  be told again what they have heard since. */
const rightTwice = async (rights: () => number, agents: number): Promise<void> => {
  const enough = rights() + 2 * agents
  while (rights() < enough) await new Promise((resolve) => setTimeout(resolve, 500))
}

if (process.argv[2] === 'agents') beSimulatedAgents(process.argv.slice(3))
else if (process.argv[2] === 'writer') await beLogWriter(process.argv.slice(3))
else await bench()
