// What it takes to make a proxy's clusters, endpoints, listeners and routes, in the shapes of Istio's Go benchmarks
// (pilot/pkg/xds/bench_test.go): node scripts/bench.mjs generation [how a case begins]
import { spawnSync } from 'node:child_process'
import type { MeshEvent } from '../src/model/event.ts'
import type { Snapshot } from '../src/model/mesh.ts'
import type { ProxyIdentity } from '../src/model/proxy.ts'
import type { Resource } from '../src/model/resource.ts'
import { type ConfigurableType, configurableTypes } from '../src/model/xds.ts'
import type { Advance } from '../src/projections/advance.ts'
import type { ProjectedProxy } from '../src/projections/projectedProxy.ts'
import { createProjector } from '../src/projections/projector.ts'
import { emptySnapshot, reduceMesh, replayMesh } from '../src/reducers/mesh.ts'
import { entriesOf } from './given/largeMesh.ts'
import { percentile } from './given/percentile.ts'

/** Noted once the compiler has had its time. */
const rounds = 15
/** Processor time, as everywhere here. */
const warmUpMs = 4_000

const service = (i: number, protocol: 'HTTP' | 'TCP'): Resource => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'Service',
  metadata: { name: `service-${i}`, namespace: 'default' },
  spec: {
    address: `10.96.${i >> 8}.${i & 255}`,
    ports: [{ name: 'port', port: protocol === 'HTTP' ? 80 : 9000, protocol }],
  },
})

const instance = (i: number, n: number): Resource => ({
  apiVersion: 'rutter.dev/v1',
  kind: 'Instance',
  metadata: { name: `service-${i}-${n}`, namespace: 'default' },
  spec: {
    service: `service-${i}`,
    address: `10.${(i >> 6) & 255}.${((i & 63) << 2) | (n >> 8)}.${n & 255}`,
    labels: { version: `v${n}` },
    ports: { port: 8080 },
  },
})

const virtualService = (i: number): Resource => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: `service-${i}`, namespace: 'default' },
  spec: {
    hosts: [`service-${i}.default.svc.cluster.local`],
    http: [
      {
        match: [{ uri: { prefix: '/a' }, headers: { 'x-user': { exact: 'jason' } } }],
        route: [{ destination: { host: `service-${i}`, port: { number: 80 } } }],
      },
      { route: [{ destination: { host: `service-${i}`, port: { number: 80 } } }], timeout: '5s' },
    ],
  },
})

/** The cases by Istio's names for them. */
const cases: Readonly<Record<string, (i: number) => readonly Resource[]>> = {
  http: (i) => [service(i, 'HTTP'), instance(i, 1), instance(i, 2)],
  tcp: (i) => [service(i, 'TCP'), instance(i, 1), instance(i, 2)],
  virtualservice: (i) => [service(i, 'HTTP'), virtualService(i), instance(i, 1)],
}

const events = (of: (i: number) => readonly Resource[], count: number): MeshEvent[] =>
  Array.from({ length: count }, (_, i) => of(i))
    .flat()
    .map((resource): MeshEvent => {
      if (resource.kind === 'Service')
        return { type: 'ServiceRegistered', v: 1, data: { resource: resource as Resource<'Service'> } }
      if (resource.kind === 'Instance')
        return { type: 'InstanceJoined', v: 1, data: { resource: resource as Resource<'Instance'> } }
      return {
        type: 'ConfigApplied',
        v: 1,
        data: { resource: resource as Resource<'VirtualService'> },
      }
    })

const caller = (n: number): ProxyIdentity => ({
  type: 'sidecar',
  node: `sidecar~172.16.0.${n}~caller-${n}.default~default.svc.cluster.local`,
  ip: `172.16.0.${n}`,
  id: `caller-${n}.default`,
  domain: 'default.svc.cluster.local',
})

/** Encodes all that a proxy has of a type; how many, and their bytes. */
const generate = (proxy: ProjectedProxy, type: ConfigurableType): readonly [count: number, bytes: number] => {
  let [count, bytes] = [0, 0]
  for (const name of proxy.names(type)) {
    const resource = proxy.get(type, name)
    if (resource === undefined) continue
    count += 1
    bytes += resource.bytes().length
  }
  return [count, bytes]
}

/** Processor time, that of collecting garbage and compiling beside it included: other work shares the machine. */
const timed = <T>(work: () => T): readonly [ms: number, result: T] => {
  const from = process.cpuUsage()
  const result = work()
  const { user, system } = process.cpuUsage(from)
  return [(user + system) / 1000, result]
}

/** After collecting four times: buffers are let go of a round after what held them. */
const heapBytes = (): number => {
  for (let i = 0; i < 4; i += 1) globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** The same mesh but for one endpoint more of service 0. */
const oneMore = (snapshot: Snapshot, round: number): Snapshot => {
  const [entry] = entriesOf(
    [{ type: 'InstanceJoined', v: 1, data: { resource: instance(0, 200 + round) as Resource<'Instance'> } }],
    1,
  )
  return entry === undefined
    ? snapshot
    : reduceMesh(snapshot, [{ ...entry, position: snapshot.position + 1 }])
}

const readChanged = (advance: Advance): void => {
  for (const [proxy, changes] of advance)
    for (const type of configurableTypes) for (const name of changes[type]) proxy.get(type, name)?.bytes()
}

/** What the indexes of a mesh and all that one proxy has of it weigh. */
const weight = (snapshot: Snapshot): number => {
  const before = heapBytes()
  const projector = createProjector(snapshot)
  const proxy = projector.follow(caller(1), {})
  for (const type of configurableTypes) generate(proxy, type)
  const bytes = heapBytes() - before
  projector.release(proxy)
  return bytes
}

/** All that one proxy has, made by a projector of its own, so that nothing is there from before. */
type Round = {
  readonly allMs: number
  /** What `allMs` took on the clock, for figures of others that are so. */
  readonly onClockMs: number
  readonly sharedMs: number
  readonly changedMs: number
  readonly sizes: ReadonlyMap<ConfigurableType, readonly [count: number, bytes: number]>
}

const runOnce = (snapshot: Snapshot, next: Snapshot): Round => {
  const projector = createProjector(snapshot)
  const generateAll = (proxy: ProjectedProxy): Round['sizes'] =>
    new Map(configurableTypes.map((type) => [type, generate(proxy, type)]))
  const fromMs = performance.now()
  const [allMs, sizes] = timed(() => generateAll(projector.follow(caller(1), {})))
  const onClockMs = performance.now() - fromMs
  const [sharedMs] = timed(() => generateAll(projector.follow(caller(2), {})))
  const [changedMs] = timed(() => readChanged(projector.advance(next)))
  return { allMs, onClockMs, sharedMs, changedMs, sizes }
}

const measure = (title: string, snapshot: Snapshot): void => {
  const first = runOnce(snapshot, oneMore(snapshot, 0))
  for (let [round, spentMs] = [1, 0]; spentMs < warmUpMs; round += 1) {
    const [ms] = timed(() => runOnce(snapshot, oneMore(snapshot, round % 50)))
    spentMs += ms
  }
  const later = Array.from({ length: rounds }, (_, round) => runOnce(snapshot, oneMore(snapshot, round)))
  const p50 = (of: (round: Round) => number): string => percentile(later.map(of), 0.5).padStart(7)
  const sizes = configurableTypes.map((type) => {
    const [count, bytes] = first.sizes.get(type) ?? [0, 0]
    return `${count} ${type} of ${Math.round(bytes / 1000)} kB`
  })
  const weights = Array.from({ length: 5 }, () => weight(snapshot) / 1e6)
  console.log(`${title}: ${sizes.join(', ')}; ${percentile(weights, 0.5)} MB`)
  console.log(
    `  all: first in the process ${first.allMs.toFixed(0).padStart(4)} ms, later ${p50(({ allMs }) => allMs)} ms, ${p50(({ onClockMs }) => onClockMs)} ms on the clock; another proxy ${p50(({ sharedMs }) => sharedMs)} ms; one endpoint more, for both ${p50(({ changedMs }) => changedMs)} ms`,
  )
}

const meshOf = (of: (i: number) => readonly Resource[], count: number): Snapshot => {
  const replay = replayMesh(emptySnapshot)
  replay.fold(entriesOf(events(of, count), 100))
  return replay.finish()
}

/** Runs by name, each of a shape and size. */
const runs = new Map<string, () => Snapshot>()
for (const services of [100, 1_000])
  for (const [name, of] of Object.entries(cases))
    runs.set(`${name}, ${services} services`, () => meshOf(of, services))
// Istio's EndpointGeneration: endpoints of each service, and services.
for (const [endpoints, services] of [
  [1, 100],
  [10, 10],
  [100, 10],
  [1_000, 1],
] as const)
  runs.set(`endpoints ${endpoints}/${services}`, () =>
    meshOf(
      (i) => [service(i, 'HTTP'), ...Array.from({ length: endpoints }, (_, n) => instance(i, n))],
      services,
    ),
  )

const [only = ''] = process.argv.slice(2)
const run = runs.get(only)
if (run !== undefined) measure(only, run())
// Each in a process of its own: else only one of them would be the first.
else
  for (const name of runs.keys())
    if (name.startsWith(only))
      spawnSync(process.execPath, [...process.execArgv, process.argv[1] ?? '', name], { stdio: 'inherit' })
