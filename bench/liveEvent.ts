// One event in a mesh of 10k services and 100k instances: folding it, and projecting it to whoever reads it; and what
// the mesh weighs: node scripts/bench.mjs liveEvent [services] [instances]
import type { MeshEvent } from '../src/model/event.ts'
import type { Snapshot } from '../src/model/mesh.ts'
import { xdsTypes } from '../src/model/xds.ts'
import type { Advance } from '../src/projections/advance.ts'
import type { ProjectedProxy } from '../src/projections/projectedProxy.ts'
import { createProjector } from '../src/projections/projector.ts'
import { emptySnapshot, reduceMesh, replayMesh } from '../src/reducers/mesh.ts'
import {
  callerIn,
  entriesOf,
  envelope,
  instanceResource,
  largeMesh,
  namespaceOf,
  servicesPerNamespace,
} from './given/largeMesh.ts'
import { percentile } from './given/percentile.ts'

const [services = 10_000, instances = 100_000] = process.argv.slice(2).map(Number)
const rounds = 2_000
/** Proxies that see the service whose endpoints change; the others are spread over the other namespaces. */
const interested = 50

const heapBytes = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** As delivery does: every changed resource of every proxy that it concerns. */
const readAll = (advance: Advance): number => {
  let bytes = 0
  for (const [proxy, changes] of advance)
    for (const type of xdsTypes)
      for (const name of changes[type]) bytes += proxy.get(type, name)?.bytes().byteLength ?? 0
  return bytes
}

const readWhole = (proxy: ProjectedProxy): void => {
  for (const type of xdsTypes) for (const name of proxy.names(type)) proxy.get(type, name)?.bytes()
}

const before = heapBytes()
const build = (): Snapshot => {
  const replay = replayMesh(emptySnapshot)
  replay.fold(entriesOf(largeMesh(services, instances), 100))
  return replay.finish()
}
const start = build()
console.log(`${services} services, ${instances} instances:`)
console.log(
  `  the mesh                    ${Math.round((heapBytes() - before) / instances)} bytes per instance`,
)

const projector = createProjector(start)
console.log(
  `  … and its indexes           ${Math.round((heapBytes() - before) / instances)} bytes per instance`,
)

const allSeeing = projector.follow(callerIn('outside', 0), {})
readWhole(allSeeing)
console.log(
  `  … and everything projected  ${Math.round((heapBytes() - before) / instances)} bytes per instance`,
)
projector.release(allSeeing)

let position = start.position
let snapshot = start
const foldOne = (event: MeshEvent): Snapshot => {
  position += 1
  return reduceMesh(snapshot, [{ position, hash: '', events: [envelope(event, position)] }])
}
/** An instance of service 0 leaves, and joins again. */
const eventAt = (round: number): MeshEvent => {
  const resource = instanceResource(0, services * (Math.floor(round / 2) % 10))
  return round % 2 === 0
    ? { type: 'InstanceLeft', v: 1, data: { ...resource.metadata } }
    : { type: 'InstanceJoined', v: 1, data: { resource } }
}

const foldUs: number[] = []
for (let round = 0; round < rounds; round += 1) {
  const event = eventAt(round)
  const from = performance.now()
  snapshot = foldOne(event)
  foldUs.push((performance.now() - from) * 1000)
}
projector.advance(snapshot)
console.log(
  `  fold one event              p50 ${percentile(foldUs, 0.5)} µs, p99 ${percentile(foldUs, 0.99)} µs`,
)

let proxies = 0
const namespaces = services / servicesPerNamespace
for (const wanted of [100, 1_000, 10_000]) {
  const heap = heapBytes()
  const added = wanted - proxies
  for (; proxies < wanted; proxies += 1) {
    const other = 1 + (proxies % (namespaces - 1))
    const namespace = proxies < interested ? namespaceOf(0) : namespaceOf(other * servicesPerNamespace)
    readWhole(projector.follow(callerIn(namespace, proxies), {}))
  }
  const perProxy = Math.round((heapBytes() - heap) / added)
  const tookUs: number[] = []
  let concerned = 0
  for (let round = 0; round < rounds; round += 1) {
    const event = eventAt(round)
    const from = performance.now()
    snapshot = foldOne(event)
    const advance = projector.advance(snapshot)
    readAll(advance)
    tookUs.push((performance.now() - from) * 1000)
    concerned = advance.size
  }
  console.log(
    `  fold and project, ${String(proxies).padStart(6)} proxies  p50 ${percentile(tookUs, 0.5)} µs, p99 ${percentile(tookUs, 0.99)} µs; ${concerned} concerned; ${perProxy} bytes more per proxy`,
  )
}
