// What one changed endpoint costs on its way to every proxy that reads it, and what a proxy costs while nothing
// happens: node scripts/bench.mjs fanout [streams over gRPC] [streams in memory]
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { Client, credentials } from '@grpc/grpc-js'
import { xdsServer } from '../src/adapters/xds/xdsServer.ts'
import { definitionOf, xdsMethods } from '../src/adapters/xds/xdsServices.ts'
import { createDelivery, type Delivery } from '../src/delivery/delivery.ts'
import type { Effect } from '../src/delivery/effect.ts'
import type { Intended } from '../src/delivery/intended.ts'
import { defaultDeliveryLimits } from '../src/delivery/limits.ts'
import { forEachType, typeUrlOf, type XdsResource, type XdsType } from '../src/model/xds.ts'
import type { XdsRequest } from '../src/model/xdsMessage.ts'
import type { XdsStream } from '../src/ports.ts'

const [overGrpc = 100, inMemory = 10_000] = process.argv.slice(2).map(Number)
const services = 50
const bytes = new Uint8Array(500)
const nothing = forEachType((): string[] => [])

const mesh = () => {
  const all = forEachType(() => new Map<string, XdsResource>())
  const put = (type: XdsType, name: string, version: string, more: Partial<XdsResource> = {}): void => {
    all[type].set(name, { name, version, bytes: () => bytes, causes: [], ...more })
  }
  const names = Array.from(
    { length: services },
    (_, i) => `outbound|9080||service-${i}.default.svc.cluster.local`,
  )
  for (const name of names) {
    put('clusters', name, '1')
    put('endpoints', name, '1')
    put('listeners', name, '1')
  }
  const parts = names.map((name) => ({ name, version: '1', bytes, clusters: [name], causes: [] }))
  put('routes', '9080', '1', { parts, head: bytes })
  let position = 1
  const intended: Intended = {
    managed: true,
    position: () => position,
    names: (type) => all[type].keys(),
    get: (type, name) => all[type].get(name),
  }
  const change = () => {
    position += 1
    const [name = ''] = names
    put('endpoints', name, String(position))
    return { ...nothing, endpoints: [name] }
  }
  return { intended, change, names }
}

const ask = (type: XdsType, nonce: string, subscribe: readonly string[]): XdsRequest => ({
  typeUrl: typeUrlOf[type],
  nonce,
  body: { protocol: 'delta', subscribe: [...subscribe], unsubscribe: [], initialVersions: new Map() },
})

/** Brings a delivery to where an Envoy's is that has been up for a while. */
const boot = (delivery: Delivery, names: readonly string[]): void => {
  const answer = (effects: readonly Effect[]): void => {
    for (const effect of effects)
      if (effect.type === 'send')
        answer(delivery.request(ask(effect.response.type, effect.response.nonce, []), 0))
  }
  // Names as they come off the wire are texts of their own.
  const own = names.map((name) => Buffer.from(name).toString())
  answer(delivery.request(ask('clusters', '', []), 0))
  answer(delivery.request(ask('endpoints', '', own), 0))
  answer(delivery.request(ask('listeners', '', []), 0))
  answer(delivery.request(ask('routes', '', ['9080']), 0))
}

const collect = (): void => {
  const { gc } = globalThis as { gc?: () => void }
  gc?.()
  gc?.()
}

const measureMemory = (): void => {
  const { intended, change, names } = mesh()
  const open = () =>
    createDelivery({ intended, service: 'ads', protocol: 'delta', limits: defaultDeliveryLimits })
  boot(open(), names)
  collect()
  const before = process.memoryUsage().heapUsed
  const deliveries = Array.from({ length: inMemory }, () => {
    const delivery = open()
    boot(delivery, names)
    return delivery
  })
  collect()
  const perStream = (process.memoryUsage().heapUsed - before) / inMemory
  const rounds = 20
  let spentMs = 0
  for (let round = 0; round < rounds; round += 1) {
    const changed = change()
    const start = performance.now()
    const sent = deliveries.map((delivery) => delivery.changed(changed, round))
    sent.forEach((effects, i) => {
      for (const effect of effects)
        if (effect.type === 'send') deliveries[i]?.request(ask('endpoints', effect.response.nonce, []), round)
    })
    spentMs += performance.now() - start
  }
  console.log(`${inMemory} streams in memory, ${services} services each:`)
  console.log(`  heap per quiet stream  ${Math.round(perStream)} bytes`)
  console.log(`  change, send and ACK   ${((spentMs / rounds / inMemory) * 1e3).toFixed(2)} µs per stream`)
}

const percentile = (sorted: readonly number[], share: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(2)

const measureGrpc = async (): Promise<void> => {
  const { intended, change, names } = mesh()
  const open: { readonly stream: XdsStream; readonly delivery: Delivery }[] = []
  const server = await xdsServer({
    listen: { host: '127.0.0.1', port: 0 },
    onStream: (stream) => {
      const delivery = createDelivery({
        intended,
        service: 'ads',
        protocol: 'delta',
        limits: defaultDeliveryLimits,
      })
      boot(delivery, names)
      open.push({ stream, delivery })
      stream.listen({ request: () => {}, ended: () => {} })
    },
  })
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: { port: server.port, streams: overGrpc },
  })
  const report = () =>
    new Promise<number>((resolve) => {
      worker.once('message', (atMs: number) => resolve(atMs))
    })
  await report()
  const lasts: number[] = []
  const cpu = process.cpuUsage()
  const rounds = 200
  let serverMs = 0
  for (let round = 0; round < rounds; round += 1) {
    const all = report()
    const start = performance.timeOrigin + performance.now()
    const changed = change()
    for (const { stream, delivery } of open)
      for (const effect of delivery.changed(changed, round)) {
        if (effect.type !== 'send') continue
        stream.send(effect.response)
        delivery.request(ask('endpoints', effect.response.nonce, []), round)
      }
    serverMs += performance.timeOrigin + performance.now() - start
    lasts.push((await all) - start)
  }
  const spent = process.cpuUsage(cpu)
  lasts.sort((a, b) => a - b)
  console.log(`${overGrpc} streams over gRPC, each on a connection of its own, one 500-byte endpoint change:`)
  console.log(`  change → last client   p50 ${percentile(lasts, 0.5)} ms, p99 ${percentile(lasts, 0.99)} ms`)
  console.log(`  in the sending turn    ${((serverMs / rounds / overGrpc) * 1e3).toFixed(1)} µs per message`)
  console.log(
    `  CPU, clients included  ${((spent.user + spent.system) / rounds / overGrpc).toFixed(1)} µs per message`,
  )
  await worker.terminate()
  await server.close()
}

/** In the worker: opens the streams, and tells each time that every one of them has got something. */
const runClients = ({ port, streams }: { readonly port: number; readonly streams: number }): void => {
  const ads = xdsMethods.find(({ service, protocol }) => service === 'ads' && protocol === 'delta')
  if (ads === undefined) throw new Error('there is no such method')
  const { path, requestSerialize, responseDeserialize } = definitionOf(ads)
  let ready = 0
  let got = 0
  for (let i = 0; i < streams; i += 1) {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    })
    const call = client.makeBidiStreamRequest<Buffer, Buffer>(path, requestSerialize, responseDeserialize)
    call.on('error', () => {})
    call.on('data', () => {
      got += 1
      if (got % streams === 0) parentPort?.postMessage(performance.timeOrigin + performance.now())
    })
    client.waitForReady(Date.now() + 60_000, (error) => {
      if (error !== undefined) throw error
      call.write(Buffer.alloc(0), () => {
        ready += 1
        if (ready === streams) setTimeout(() => parentPort?.postMessage(0), 500)
      })
    })
  }
}

if (isMainThread) {
  measureMemory()
  await measureGrpc()
} else runClients(workerData as { port: number; streams: number })
