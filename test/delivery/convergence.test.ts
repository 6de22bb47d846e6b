import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createDelivery } from '../../src/delivery/delivery.ts'
import type { Effect } from '../../src/delivery/effect.ts'
import type { IntendedChange } from '../../src/delivery/intended.ts'
import { defaultDeliveryLimits } from '../../src/delivery/limits.ts'
import type { XdsResource, XdsType } from '../../src/model/xds.ts'
import type { XdsResponse } from '../../src/model/xdsMessage.ts'
import { resource, routes, vhost } from './mesh.ts'
import { simulatedEnvoy } from './simulatedEnvoy.ts'

const names = ['s0', 's1', 's2', 's3'] as const
const ports = ['80', '81'] as const
type Flaw = '' | '!semantic' | '!constraint' | '!bad'
type Service = { there: boolean; cluster: string; endpoints: string; vhost: string; to: number }
type World = { services: Service[]; ports: { there: boolean; version: string }[] }

type Step =
  | {
      readonly do: 'edit'
      readonly service: number
      readonly what: keyof Service
      readonly flaw: number
      readonly to: number
    }
  | { readonly do: 'port'; readonly port: number; readonly flaw: number }
  | { readonly do: 'toEnvoy' | 'toServer' | 'wake' }

const flaws: Record<'cluster' | 'endpoints' | 'vhost', readonly Flaw[]> = {
  cluster: ['', '', '!semantic', '!constraint'],
  endpoints: ['', '', '', '!bad'],
  vhost: ['', '', '', '!bad'],
}
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('edit' as const),
      service: fc.nat(names.length - 1),
      what: fc.constantFrom('there', 'cluster', 'endpoints', 'vhost', 'to'),
      flaw: fc.nat(3),
      to: fc.nat(names.length - 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('port' as const), port: fc.nat(1), flaw: fc.nat(3) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('toEnvoy' as const, 'toServer' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wake' as const) }) },
)

const intendedOf = ({ services, ports: open }: World): Record<XdsType, Map<string, XdsResource>> => {
  const there = services.flatMap((service, index) =>
    service.there ? { ...service, name: names[index] ?? '' } : [],
  )
  const parts = there.map((service) => {
    const to = services[service.to]?.there ? (names[service.to] ?? '') : service.name
    return vhost(`v${service.name}`, `${service.vhost}>${to}`, to)
  })
  const byName = (all: readonly XdsResource[]) => new Map(all.map((one) => [one.name, one]))
  const openPorts = ports.flatMap((name, index) =>
    open[index]?.there ? { name, version: open[index].version } : [],
  )
  return {
    clusters: byName(there.map(({ name, cluster }) => resource(name, cluster))),
    endpoints: byName(there.map((service) => resource(service.name, service.endpoints))),
    listeners: byName(openPorts.map(({ name, version }) => resource(name, version))),
    routes: byName(openPorts.map(({ name }) => routes(name, ...parts))),
    secrets: new Map(),
  }
}

/** A proxy, its Envoy, and the two queues between them, played step by step. */
const play = (protocol: 'sotw' | 'delta', flawed: boolean) => {
  let count = 0
  const version = (flaw: Flaw = ''): string => {
    count += 1
    return `${count}${flawed ? flaw : ''}`
  }
  const world: World = {
    services: names.map((_, to) => ({
      there: to < 2,
      cluster: version(),
      endpoints: version(),
      vhost: version(),
      to,
    })),
    ports: ports.map((_, index) => ({ there: index === 0, version: version() })),
  }
  let all = intendedOf(world)
  let position = 1
  let nowMs = 0
  let wakeAtMs = Number.POSITIVE_INFINITY
  const envoy = simulatedEnvoy(protocol)
  const inbox: XdsResponse[] = []
  const refused = new Set<string>()
  const again: string[] = []
  const delivery = createDelivery({
    intended: {
      managed: true,
      position: () => position,
      names: (type) => all[type].keys(),
      get: (type, name) => all[type].get(name),
    },
    service: 'ads',
    protocol,
    limits: defaultDeliveryLimits,
  })
  const run = (effects: readonly Effect[]): void => {
    for (const effect of effects) {
      if (effect.type === 'send') {
        inbox.push(effect.response)
        for (const { name, version } of effect.response.resources)
          if (refused.has(`${effect.response.type} ${name} ${version}`)) again.push(`${name} ${version}`)
      }
      if (effect.type === 'wakeAt') wakeAtMs = effect.atMs
      if (effect.type === 'end') throw new Error(effect.message)
    }
  }
  const publish = (): void => {
    const next = intendedOf(world)
    const before = all
    const changed = (type: XdsType) =>
      [...new Set([...before[type].keys(), ...next[type].keys()])].filter(
        (name) => before[type].get(name)?.version !== next[type].get(name)?.version,
      )
    const change: IntendedChange = {
      clusters: changed('clusters'),
      endpoints: changed('endpoints'),
      listeners: changed('listeners'),
      routes: changed('routes'),
      secrets: changed('secrets'),
    }
    all = next
    position += 1
    run(delivery.changed(change, nowMs))
  }
  const wake = (): boolean => {
    if (wakeAtMs === Number.POSITIVE_INFINITY) return false
    nowMs = Math.max(nowMs, wakeAtMs)
    wakeAtMs = Number.POSITIVE_INFINITY
    run(delivery.tick(nowMs))
    return true
  }
  const toEnvoy = (): boolean => {
    const response = inbox.shift()
    if (response !== undefined) envoy.receive(response)
    return response !== undefined
  }
  const toServer = (): boolean => {
    const sent = envoy.outbox.shift()
    if (sent === undefined) return false
    for (const one of sent.refused) refused.add(one)
    run(delivery.request(sent.request, nowMs))
    return true
  }
  const edit = (what: Extract<Step, { do: 'edit' }>): void => {
    const service = world.services[what.service]
    if (service === undefined) return
    if (what.what === 'there') service.there = !service.there
    else if (what.what === 'to') service.to = what.to
    else service[what.what] = version(flaws[what.what][what.flaw])
    publish()
  }
  return {
    envoy,
    delivery,
    /** What was sent again though it was refused. */
    again,
    position: () => position,
    intended: () => all,
    step: (one: Step): void => {
      switch (one.do) {
        case 'edit':
          return edit(one)
        case 'port': {
          const port = world.ports[one.port]
          if (port === undefined) return
          if (one.flaw < 2) port.there = !port.there
          else port.version = version(one.flaw === 3 ? '!bad' : '')
          return publish()
        }
        case 'toEnvoy':
          toEnvoy()
          return
        case 'toServer':
          toServer()
          return
        case 'wake':
          wake()
      }
    },
    heal: (): void => {
      for (const service of world.services)
        for (const what of ['cluster', 'endpoints', 'vhost'] as const)
          if (service[what].includes('!')) service[what] = version()
      for (const port of world.ports) if (port.version.includes('!')) port.version = version()
      publish()
    },
    /** Lets everything happen until nothing more does. */
    drain: (): void => {
      for (let turn = 0; turn < 10_000; turn += 1) {
        if (toEnvoy() || toServer()) continue
        if (wake()) continue
        const waiting = envoy.outbox.length
        envoy.giveUpWarming()
        if (envoy.outbox.length === waiting) return
      }
      throw new Error('it never becomes quiet')
    },
  }
}

const versions = (resources: ReadonlyMap<string, XdsResource>) =>
  Object.fromEntries([...resources].map(([name, { version }]) => [name, version]).sort())
const sorted = (map: ReadonlyMap<string, string>) => Object.fromEntries([...map].sort())

const expectConverged = (game: ReturnType<typeof play>): void => {
  const all = game.intended()
  expect(sorted(game.envoy.active)).toEqual(versions(all.clusters))
  expect(sorted(game.envoy.endpoints)).toEqual(versions(all.endpoints))
  expect(sorted(game.envoy.listeners)).toEqual(versions(all.listeners))
  expect(versions(game.envoy.routes)).toEqual(versions(all.routes))
  expect(game.delivery.status()).toMatchObject({
    state: 'synced',
    ackedPosition: game.position(),
    rejections: [],
  })
}

/** What is sound has arrived, whatever else was refused; and the status blames what is not sound, and only that. */
const expectSoundArrived = (game: ReturnType<typeof play>): void => {
  const all = game.intended()
  const sound = ({ version }: XdsResource) => !version.includes('!')
  const isSoundCluster = (name: string): boolean =>
    [all.clusters.get(name), all.endpoints.get(name)].every((one) => one !== undefined && sound(one))
  for (const [name, { version }] of all.clusters)
    if (isSoundCluster(name))
      expect({ name, version: game.envoy.active.get(name) }).toEqual({ name, version })
  for (const [name, one] of all.endpoints)
    if (isSoundCluster(name))
      expect({ name, version: game.envoy.endpoints.get(name) }).toEqual({ name, version: one.version })
  for (const [name, one] of all.listeners) {
    if (!sound(one)) continue
    expect({ name, version: game.envoy.listeners.get(name) }).toEqual({ name, version: one.version })
    for (const part of all.routes.get(name)?.parts ?? [])
      if (!part.version.includes('!') && part.clusters.every(isSoundCluster))
        expect(game.envoy.routes.get(name)?.parts?.map(({ version }) => version)).toContain(part.version)
  }
  const { state, rejections } = game.delivery.status()
  const everything = Object.values(all).flatMap((resources) => [...resources.values()])
  if (everything.every(sound)) expect(state).toBe('synced')
  for (const { resource: name } of rejections)
    expect(everything.filter((one) => one.name === name).some((one) => !sound(one))).toBe(true)
}

describe.each(['delta', 'sotw'] as const)('random changes, %s', (protocol) => {
  test('D50: no route before its cluster, no cluster gone before its route, and all of it arrives', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const game = play(protocol, false)
        for (const one of steps) game.step(one)
        game.drain()
        expect(game.envoy.complaints).toEqual([])
        expectConverged(game)
      }),
      { seed: 50, numRuns: 300 },
    )
  })

  test('D51: whatever is refused, nothing is sent again unchanged, and once it is corrected all of it arrives', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const game = play(protocol, true)
        for (const one of steps) game.step(one)
        game.drain()
        expect(game.envoy.complaints).toEqual([])
        expectSoundArrived(game)
        game.heal()
        game.drain()
        expect(game.envoy.complaints).toEqual([])
        expect(game.again).toEqual([])
        expectConverged(game)
      }),
      { seed: 51, numRuns: 300 },
    )
  })
})
