import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRight } from 'fp-ts/lib/Either.js'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { readKnownGood, writeKnownGood } from '../../../src/adapters/envoy/knownGoodFile.ts'
import { knownGoodKeeper } from '../../../src/adapters/envoy/knownGoodKeeper.ts'
import { xdsServer } from '../../../src/adapters/xds/xdsServer.ts'
import { bootstrap } from '../../../src/agent/bootstrap.ts'
import { type KnownGood, knownGoodOf, type Readable, servedFrom } from '../../../src/agent/knownGood.ts'
import { createDelivery } from '../../../src/delivery/delivery.ts'
import type { Effect } from '../../../src/delivery/effect.ts'
import { defaultDeliveryLimits } from '../../../src/delivery/limits.ts'
import { typeUrlOf, type XdsResource, type XdsType } from '../../../src/model/xds.ts'
import type { XdsStream } from '../../../src/ports.ts'
import { encode } from '../../../src/wire/encode.ts'
import { envoyOrSkip } from '../../envoyOrSkip.ts'
import { freePort } from '../../freePort.ts'
import { sendersTo } from './served.ts'
import { berth, supervised } from './supervised.ts'
import { until } from './until.ts'

const envoy = await envoyOrSkip()
const node = 'sidecar~127.0.0.1~web~default.svc.cluster.local'
const directory = mkdtempSync(join(tmpdir(), 'rutter-known-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const file = join(directory, 'known-good')

const bytesOf = (type: string, json: unknown): Uint8Array => {
  const bytes = encode(type, json)
  if (isRight(bytes)) return bytes.right
  throw new Error(JSON.stringify(bytes.left))
}
const resource = (name: string, bytes: Uint8Array, more: Partial<XdsResource> = {}): XdsResource => ({
  name,
  version: `of ${name}`,
  bytes: () => bytes,
  causes: [{ kind: 'Service', namespace: 'default', name, position: 3 }],
  ...more,
})

/** A listener whose routes come apart, and a route configuration that answers `known good`. */
const acknowledged = (port: number): Readable => {
  const listener = bytesOf('envoy.config.listener.v3.Listener', {
    name: 'in',
    address: { socket_address: { address: '127.0.0.1', port_value: port } },
    filter_chains: [
      {
        filters: [
          {
            name: 'envoy.filters.network.http_connection_manager',
            typed_config: {
              '@type':
                'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
              stat_prefix: 'in',
              rds: { route_config_name: 'r', config_source: { ads: {}, resource_api_version: 'V3' } },
              http_filters: [
                {
                  name: 'envoy.filters.http.router',
                  typed_config: {
                    '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                  },
                },
              ],
            },
          },
        ],
      },
    ],
  })
  const routes = bytesOf('envoy.config.route.v3.RouteConfiguration', {
    name: 'r',
    virtual_hosts: [
      {
        name: 'all',
        domains: ['*'],
        routes: [
          {
            match: { prefix: '/' },
            direct_response: { status: 200, body: { inline_string: 'known good' } },
          },
        ],
      },
    ],
  })
  const part = { name: 'all', version: '1', bytes: new Uint8Array(), clusters: ['c'], causes: [] }
  const cluster = bytesOf('envoy.config.cluster.v3.Cluster', { name: 'c', type: 'STATIC' })
  const all: Readonly<Record<XdsType, readonly XdsResource[]>> = {
    clusters: [resource('c', cluster)],
    endpoints: [],
    listeners: [resource('in', listener, { lingers: true })],
    routes: [resource('r', routes, { parts: [part] })],
    secrets: [],
  }
  return {
    position: () => 17,
    names: (type) => all[type].map(({ name }) => name),
    get: (type, name) => all[type].find((one) => one.name === name),
  }
}

const known = (): KnownGood => knownGoodOf('default', node, acknowledged(1))

describe('the last acknowledged configuration', () => {
  test('G18: it comes back from disk as it was delivered, versions and bytes', async () => {
    await writeKnownGood(file, known())
    const read = await readKnownGood(file, 'default', node)
    if (!isRight(read)) throw new Error(JSON.stringify(read.left))
    const served = servedFrom(read.right)
    const given = acknowledged(1)
    expect(served.position()).toBe(17)
    for (const type of Object.keys(typeUrlOf) as XdsType[]) {
      expect([...served.names(type)]).toEqual([...given.names(type)])
      for (const name of given.names(type)) {
        const [is, was] = [served.get(type, name), given.get(type, name)]
        expect({ version: is?.version, causes: is?.causes, lingers: is?.lingers }).toEqual({
          version: was?.version,
          causes: was?.causes,
          lingers: was?.lingers,
        })
        expect(Buffer.from(is?.bytes() ?? []).equals(was?.bytes() ?? new Uint8Array([0]))).toBe(true)
      }
    }
    expect(served.get('routes', 'r')?.clusters).toEqual(['c'])
  })

  test('G19: damage at any place is named, never served', async () => {
    await writeKnownGood(file, known())
    const whole = readFileSync(file)
    const spoilt = join(directory, 'spoilt')
    for (let i = 0; i < whole.length; i += 7) {
      const copy = Buffer.from(whole)
      copy.writeUInt8(copy.readUInt8(i) ^ 1, i)
      for (const bytes of [copy, whole.subarray(0, i)]) {
        writeFileSync(spoilt, bytes)
        const read = await readKnownGood(spoilt, 'default', node)
        expect(read).toMatchObject({
          left: { _tag: expect.stringMatching(/^KnownGood(Damaged|OfOtherVersion)$/), file: spoilt },
        })
      }
    }
  })

  test('G19: what is not there, or is for another proxy, is said so', async () => {
    await writeKnownGood(file, known())
    expect(await readKnownGood(join(directory, 'none'), 'default', node)).toMatchObject({
      left: { _tag: 'KnownGoodAbsent' },
    })
    expect(await readKnownGood(file, 'default', 'other')).toMatchObject({
      left: { _tag: 'KnownGoodOfOtherProxy', node },
    })
    expect(await readKnownGood(file, 'other', node)).toMatchObject({
      left: { _tag: 'KnownGoodOfOtherProxy', mesh: 'default' },
    })
  })

  test('G20: of what comes while one is written only the newest is written', async () => {
    const path = join(directory, 'kept')
    const keeper = knownGoodKeeper(path, 60_000, () => {})
    for (let position = 1; position <= 100; position += 1) keeper.keep(() => ({ ...known(), position }))
    await keeper.close()
    expect(await readKnownGood(path, 'default', node)).toMatchObject({ right: { position: 100 } })
    expect(keeper.counters()).toEqual({ written: 2, overtaken: 98, failed: 0 })
  })

  test('G20: the next is written soon, however seldom it may be', async () => {
    const path = join(directory, 'soon')
    const keeper = knownGoodKeeper(path, 600_000, () => {})
    onTestFinished(() => keeper.close())
    for (let position = 1; position <= 3; position += 1) {
      keeper.keep(() => ({ ...known(), position }))
      await expect.poll(() => keeper.counters().written).toBe(position)
    }
  })

  test('G20: a write that fails leaves what was there, and is told', async () => {
    const told: string[] = []
    const keeper = knownGoodKeeper(join(directory, 'no', 'such'), 0, ({ message }) => told.push(message))
    keeper.keep(known)
    await keeper.close()
    expect(told).toEqual([expect.stringMatching(/ENOENT/)])
    expect(keeper.counters().failed).toBe(1)
  })

  test.skipIf(envoy.skip)('G18: a fresh Envoy serves by it with no controller in reach', async () => {
    const at = await berth()
    await writeKnownGood(file, knownGoodOf('default', node, acknowledged(at.port)))
    const read = await readKnownGood(file, 'default', node)
    if (!isRight(read)) throw new Error(JSON.stringify(read.left))
    const port = await freePort()
    const server = await xdsServer({
      listen: { host: '127.0.0.1', port },
      onStream: serving(servedFrom(read.right)),
    })
    onTestFinished(() => server.close())
    const made = bootstrap({ node, xds: { host: '127.0.0.1', port }, admin: { path: at.adminPath } })
    const agent = await supervised({
      directory: at.directory,
      launch: { envoy: envoy.path, bootstrap: made },
    })
    const { body } = sendersTo(at.port)
    await until(async () => (await body()) === 'known good')
    await until(() => agent.status().state === 'running')
  })
})

const serving =
  (intended: Readable & { readonly managed: boolean }) =>
  (stream: XdsStream): void => {
    const { service, protocol } = stream
    const delivery = createDelivery({ intended, service, protocol, limits: defaultDeliveryLimits })
    const run = (effects: readonly Effect[]): void => {
      for (const effect of effects) if (effect.type === 'send') stream.send(effect.response)
    }
    stream.listen({
      request: (request) => run(delivery.request(request, performance.now())),
      ended: () => {},
    })
  }
