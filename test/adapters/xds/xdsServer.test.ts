import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { type XdsServer, xdsServer } from '../../../src/adapters/xds/xdsServer.ts'
import { defaultXdsServerLimits } from '../../../src/adapters/xds/xdsServerLimits.ts'
import { xdsMethods } from '../../../src/adapters/xds/xdsServices.ts'
import { typeUrlOf, type XdsResource } from '../../../src/model/xds.ts'
import type { XdsRequest } from '../../../src/model/xdsMessage.ts'
import type { XdsStream } from '../../../src/ports.ts'
import { encoded, xdsClient } from './xdsClient.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** A stream as the server gave it, with all that was heard on it. */
type Heard = { readonly stream: XdsStream; readonly requests: XdsRequest[]; ends: number }

const serve = async (limits: Partial<typeof defaultXdsServerLimits> = {}, path?: string) => {
  const heard: Heard[] = []
  const watchers: (() => void)[] = []
  const tell = (): void => {
    for (const watcher of watchers) watcher()
  }
  const server: XdsServer = await xdsServer({
    listen: path === undefined ? { host: '127.0.0.1', port: 0 } : { path },
    limits: { ...defaultXdsServerLimits, closeWaitMs: 500, ...limits },
    onStream: (stream) => {
      const one: Heard = { stream, requests: [], ends: 0 }
      heard.push(one)
      stream.listen({
        request: (request) => {
          one.requests.push(request)
          tell()
        },
        ended: () => {
          one.ends += 1
          tell()
        },
      })
    },
  })
  cleanups.push(() => server.close())
  const until = (fact: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (fact()) resolve()
      }
      watchers.push(look)
      look()
    })
  const client = (...what: Parameters<typeof xdsClient> extends [string, ...infer Rest] ? Rest : never) => {
    const opened = xdsClient(path === undefined ? `127.0.0.1:${server.port}` : `unix:${path}`, ...what)
    cleanups.push(opened.close)
    return opened
  }
  /** The first stream, once something was heard on it. */
  const first = async (): Promise<Heard> => {
    await until(() => heard[0] !== undefined && heard[0].requests.length > 0)
    const [one] = heard
    if (one === undefined) throw new Error('no stream came')
    return one
  }
  return { server, heard, until, client, first }
}

const clusterBytes = encoded('envoy.config.cluster.v3.Cluster', { name: 'reviews' })
const cluster: XdsResource = { name: 'reviews', version: 'v7', bytes: () => clusterBytes, causes: [] }
const asksForClusters = { type_url: typeUrlOf.clusters }

describe('the xDS server', () => {
  test('X1: hands over what a client asks, delta', async () => {
    const { client, first } = await serve()
    client().send({
      node: { id: 'sidecar~10.0.0.1~a~b', metadata: { 'rutter.dev/labels': { app: 'x' } } },
      type_url: typeUrlOf.endpoints,
      resource_names_subscribe: ['a', 'b'],
      resource_names_unsubscribe: ['c'],
      initial_resource_versions: { a: '1' },
      response_nonce: 'e1',
      error_detail: { code: 13, message: 'no' },
    })
    const { stream, requests } = await first()
    expect(stream).toMatchObject({
      service: 'ads',
      protocol: 'delta',
      peer: expect.stringContaining('127.0.0.1'),
    })
    expect(requests).toEqual([
      {
        typeUrl: typeUrlOf.endpoints,
        node: { id: 'sidecar~10.0.0.1~a~b', metadata: { 'rutter.dev/labels': { app: 'x' } } },
        nonce: 'e1',
        error: { code: 13, message: 'no' },
        body: {
          protocol: 'delta',
          subscribe: ['a', 'b'],
          unsubscribe: ['c'],
          initialVersions: new Map([['a', '1']]),
        },
      },
    ])
  })
  test('X1: hands over what a client asks, state of the world', async () => {
    const { client, first } = await serve()
    client('ads', 'sotw').send({
      type_url: typeUrlOf.routes,
      version_info: 'v',
      resource_names: ['80'],
      response_nonce: 'r',
    })
    expect((await first()).requests).toEqual([
      { typeUrl: typeUrlOf.routes, nonce: 'r', body: { protocol: 'sotw', version: 'v', names: ['80'] } },
    ])
  })
  test('X2: sends what is delivered, delta', async () => {
    const { client, first } = await serve()
    const asking = client()
    asking.send(asksForClusters)
    const { stream } = await first()
    expect(
      stream.send({ type: 'clusters', version: '5', nonce: 'c1', resources: [cluster], removed: ['x'] }),
    ).toBe(true)
    expect(await asking.next()).toEqual({
      system_version_info: '5',
      resources: [
        {
          name: 'reviews',
          version: 'v7',
          resource: { '@type': typeUrlOf.clusters, name: 'reviews' },
        },
      ],
      type_url: typeUrlOf.clusters,
      removed_resources: ['x'],
      nonce: 'c1',
    })
  })
  test('X2: sends what is delivered, state of the world', async () => {
    const { client, first } = await serve()
    const asking = client('ads', 'sotw')
    asking.send(asksForClusters)
    const { stream } = await first()
    stream.send({ type: 'clusters', version: 'h', nonce: 'c1', resources: [cluster], removed: [] })
    expect(await asking.next()).toEqual({
      version_info: 'h',
      resources: [{ '@type': typeUrlOf.clusters, name: 'reviews' }],
      type_url: typeUrlOf.clusters,
      nonce: 'c1',
    })
  })
  test.each(xdsMethods)('X3: answers $path', async ({ service, protocol }) => {
    const { client, first } = await serve()
    client(service, protocol).send({})
    const { stream } = await first()
    expect(stream).toMatchObject({ service, protocol })
  })
  test('X4: ends a stream whose request cannot be read, and only that', async () => {
    const { client, first, server, heard, until } = await serve()
    const good = client()
    good.send(asksForClusters)
    await first()
    const bad = client()
    bad.sendBytes(Buffer.from([0xff, 0xff, 0xff]))
    expect(await bad.ended).toMatchObject({ code: status.INVALID_ARGUMENT })
    expect(heard.map(({ ends }) => ends)).toEqual([0, 1])
    good.send(asksForClusters)
    await until(() => heard[0]?.requests.length === 2)
    expect(server.counters).toMatchObject({ malformed: 1, streams: 1, opened: 2 })
  })
  test('X5: refuses a request beyond its bound', async () => {
    const { client } = await serve({ maxRequestBytes: 1_000 })
    const asking = client()
    asking.send({ type_url: 'x'.repeat(2_000) })
    expect(await asking.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  })
  test('X6: refuses a stream beyond its bound', async () => {
    const { client, first, server } = await serve({ maxStreams: 1 })
    client().send(asksForClusters)
    await first()
    const second = client()
    expect(await second.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    expect(server.counters).toMatchObject({ streams: 1, refused: 1 })
  })
  test('X7: gives up a client that does not take what it is sent', async () => {
    const { client, first, server } = await serve({ maxQueuedBytes: 1_000_000 })
    const slow = client()
    slow.send(asksForClusters)
    const one = await first()
    slow.call.pause()
    const bytes = new Uint8Array(100_000)
    const resources = [{ ...cluster, bytes: () => bytes }]
    for (let sent = 0; one.ends === 0 && sent < 1_000; sent += 1)
      one.stream.send({ type: 'clusters', version: '1', nonce: '1', resources, removed: [] })
    expect(one.ends).toBe(1)
    expect(server.counters).toMatchObject({ overflowed: 1, streams: 0 })
    expect(one.stream.send({ type: 'clusters', version: '1', nonce: '1', resources: [], removed: [] })).toBe(
      false,
    )
    slow.call.resume()
    expect(await slow.ended).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  })
  test('X8: tells once that a client half-closed, and ends the stream well', async () => {
    const { client, first, server, until } = await serve()
    const asking = client()
    asking.send(asksForClusters)
    const one = await first()
    asking.call.end()
    expect(await asking.ended).toMatchObject({ code: status.OK })
    await until(() => one.ends > 0)
    expect(one.ends).toBe(1)
    expect(server.counters.streams).toBe(0)
  })
  test('X8: tells once that a client cancelled', async () => {
    const { client, first, until } = await serve()
    const asking = client()
    asking.send(asksForClusters)
    const one = await first()
    asking.call.cancel()
    await until(() => one.ends > 0)
    one.stream.end()
    expect(one.ends).toBe(1)
  })
  test('X9: ends a stream with the status it is given', async () => {
    const { client, first } = await serve()
    const asking = client()
    asking.send(asksForClusters)
    const one = await first()
    one.stream.end({ code: status.PERMISSION_DENIED, message: 'not you' })
    expect(await asking.ended).toMatchObject({ code: status.PERMISSION_DENIED, details: 'not you' })
  })
  test('X10: closing ends every stream and gives up the address', async () => {
    const { client, first, server } = await serve()
    const asking = client()
    asking.send(asksForClusters)
    await first()
    await server.close()
    expect(await asking.ended).toMatchObject({ code: status.UNAVAILABLE })
    const other = createServer()
    await new Promise<void>((resolve, reject) => {
      other.once('error', reject)
      other.listen(server.port, '127.0.0.1', resolve)
    })
    other.close()
  })
  test('X11: rejects an address that is taken', async () => {
    const { server } = await serve()
    const listen = { host: '127.0.0.1', port: server.port }
    await expect(xdsServer({ listen, onStream: () => {} })).rejects.toThrow()
  })
})

describe('on a Unix socket', () => {
  const socketPath = async (): Promise<string> => {
    const directory = await mkdtemp(join(tmpdir(), 'rutter-xds-'))
    cleanups.push(() => rm(directory, { recursive: true }))
    return join(directory, 'ads.sock')
  }

  test('X12: serves this user only', async () => {
    const path = await socketPath()
    const { client, first } = await serve({}, path)
    client().send(asksForClusters)
    expect((await first()).requests).toHaveLength(1)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
  })
  test('X12: replaces a socket that nobody listens on, and no other', async () => {
    const path = await socketPath()
    const { server } = await serve({}, path)
    await expect(xdsServer({ listen: { path }, onStream: () => {} })).rejects.toThrow(
      'another process listens',
    )
    await server.close()
    // A killed process leaves its socket file behind.
    spawnSync(process.execPath, [
      '-e',
      `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
    ])
    expect((await stat(path)).isSocket()).toBe(true)
    const { client, first } = await serve({}, path)
    client().send(asksForClusters)
    expect((await first()).requests).toHaveLength(1)
  })
  test('X12: leaves a file that is no socket alone', async () => {
    const path = await socketPath()
    await writeFile(path, 'mine')
    await expect(xdsServer({ listen: { path }, onStream: () => {} })).rejects.toThrow('no socket')
  })
})
