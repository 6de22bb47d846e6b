import { forEachType, typeUrlOf, type XdsResource, type XdsType } from '../../src/model/xds.ts'
import type { XdsRequest, XdsResponse } from '../../src/model/xdsMessage.ts'

/** Envoy 1.40 as a delivery sees it: warming, endpoints that must follow their cluster, refusals that apply in part,
 *  and the silence after a refused cluster among others that warm. What is bad says so in its version: `!semantic`,
 *  `!constraint` or `!bad`. A listener has a route configuration of its own name. */
export type SimulatedEnvoy = {
  /** Requests that wait to be read by the server, oldest first. */
  readonly outbox: Sent[]
  receive(response: XdsResponse): void
  /** Lets the fetch timeout of clusters that still warm run out. */
  giveUpWarming(): void
  readonly active: ReadonlyMap<string, string>
  readonly endpoints: ReadonlyMap<string, string>
  readonly listeners: ReadonlyMap<string, string>
  readonly routes: ReadonlyMap<string, XdsResource>
  /** What a server must never do, in words; empty when it never did. */
  readonly complaints: readonly string[]
}

/** A request, and `type name version` of what it refuses by name or alone. */
export type Sent = { readonly request: XdsRequest; readonly refused: readonly string[] }

const isBad = ({ version, parts }: XdsResource): boolean =>
  parts === undefined ? version.includes('!') : parts.some((part) => part.version.includes('!'))

/** An Envoy that has just opened its stream. */
export const simulatedEnvoy = (protocol: 'sotw' | 'delta'): SimulatedEnvoy => {
  const outbox: Sent[] = []
  const active = new Map<string, string>()
  const warming = new Map<string, { readonly version: string; readonly good: boolean }>()
  const endpoints = new Map<string, string>()
  const listeners = new Map<string, string>()
  const routes = new Map<string, XdsResource>()
  const subscribed = forEachType(() => new Set<string>())
  const last: Partial<Record<XdsType, XdsResponse>> = {}
  const held: {
    readonly response: XdsResponse
    readonly error: string | undefined
    readonly refused: readonly string[]
  }[] = []
  const complaints: string[] = []
  let refused: string[] = []
  let paused = false
  let askedForListeners = false

  const ask = (
    type: XdsType,
    nonce: string,
    error: string | undefined,
    subscribe: readonly string[] = [],
    unsubscribe: readonly string[] = [],
  ): void => {
    const request: XdsRequest = {
      typeUrl: typeUrlOf[type],
      nonce,
      ...(error === undefined ? {} : { error: { code: 13, message: error } }),
      body:
        protocol === 'sotw'
          ? { protocol, version: last[type]?.version ?? '', names: [...subscribed[type]] }
          : { protocol, subscribe, unsubscribe, initialVersions: new Map() },
    }
    outbox.push({ request, refused })
    refused = []
  }
  const subscribe = (type: XdsType, names: readonly string[]): void => {
    const added = names.filter((name) => !subscribed[type].has(name))
    for (const name of added) subscribed[type].add(name)
    if (added.length > 0) ask(type, protocol === 'sotw' ? (last[type]?.nonce ?? '') : '', undefined, added)
  }
  const unsubscribe = (type: XdsType, name: string): void => {
    if (!subscribed[type].delete(name)) return
    ask(type, protocol === 'sotw' ? (last[type]?.nonce ?? '') : '', undefined, [], [name])
  }

  /** Held answers come once nothing warms: in delta each, in state of the world as one with the newest nonce. */
  const release = (): void => {
    if (paused && warming.size > 0) return
    paused = false
    const answers = held.splice(0)
    if (protocol === 'delta')
      for (const answer of answers) {
        refused = [...answer.refused]
        ask('clusters', answer.response.nonce, answer.error)
      }
    else {
      const newest = answers.at(-1)
      const first = answers.find(({ error }) => error !== undefined)
      refused = [...(first?.refused ?? [])]
      if (newest !== undefined) ask('clusters', newest.response.nonce, first?.error)
    }
    if (!askedForListeners && answers.length > 0) {
      askedForListeners = true
      ask('listeners', '', undefined)
    }
  }
  const removeCluster = (name: string): void => {
    for (const { parts = [] } of routes.values())
      if (parts.some((part) => part.clusters.includes(name)) && active.has(name))
        complaints.push(`cluster ${name} was removed while a route names it`)
    active.delete(name)
    warming.delete(name)
    endpoints.delete(name)
    unsubscribe('endpoints', name)
  }
  const noteRefused = (type: XdsType, one: XdsResource): void => {
    refused.push(`${type} ${one.name} ${one.version}`)
  }

  const takeClusters = (response: XdsResponse): void => {
    const broken = response.resources.filter(({ version }) => version.includes('!constraint'))
    if (broken.length > 0) {
      if (response.resources.length === 1) for (const one of broken) noteRefused('clusters', one)
      held.push({ response, error: 'Proto constraint validation failed', refused })
      refused = []
      return release()
    }
    const gone =
      protocol === 'delta'
        ? response.removed
        : [...active.keys(), ...warming.keys()].filter(
            (name) => !response.resources.some((one) => one.name === name),
          )
    for (const name of gone) removeCluster(name)
    const bad: string[] = []
    const asks: string[] = []
    for (const one of response.resources) {
      if (active.get(one.name) === one.version) {
        warming.delete(one.name)
        continue
      }
      if (warming.get(one.name)?.version === one.version && !isBad(one)) continue
      warming.set(one.name, { version: one.version, good: !isBad(one) })
      if (isBad(one)) {
        bad.push(one.name)
        noteRefused('clusters', one)
      } else {
        paused = true
        if (subscribed.endpoints.has(one.name)) asks.push(one.name)
      }
    }
    const error =
      bad.length === 0
        ? undefined
        : `Error adding/updating cluster(s) ${bad.map((name) => `${name}: ring hash`).join(', ')}`
    held.push({ response, error, refused })
    refused = []
    subscribe(
      'endpoints',
      response.resources.filter((one) => !isBad(one)).map(({ name }) => name),
    )
    if (protocol === 'sotw' && asks.length > 0) ask('endpoints', last.endpoints?.nonce ?? '', undefined)
    release()
  }
  const takeEndpoints = (response: XdsResponse): void => {
    if (response.resources.some(isBad)) {
      if (response.resources.length === 1) for (const one of response.resources) noteRefused('endpoints', one)
      return ask('endpoints', response.nonce, 'malformed IP address')
    }
    ask('endpoints', response.nonce, undefined)
    for (const { name, version } of response.resources) {
      if (!subscribed.endpoints.has(name)) continue
      endpoints.set(name, version)
      const warm = warming.get(name)
      if (warm?.good !== true) continue
      warming.delete(name)
      active.set(name, warm.version)
    }
    release()
  }
  const takeListeners = (response: XdsResponse): void => {
    const gone =
      protocol === 'delta'
        ? response.removed
        : [...listeners.keys()].filter((name) => !response.resources.some((one) => one.name === name))
    for (const name of gone) {
      listeners.delete(name)
      routes.delete(name)
      unsubscribe('routes', name)
    }
    const bad = response.resources.filter(isBad)
    for (const one of bad) noteRefused('listeners', one)
    const good = response.resources.filter((one) => !isBad(one))
    for (const { name, version } of good) listeners.set(name, version)
    ask(
      'listeners',
      response.nonce,
      bad.length === 0
        ? undefined
        : `Error adding/updating listener(s) ${bad.map(({ name }) => `${name}: cannot bind`).join(', ')}`,
    )
    subscribe(
      'routes',
      good.map(({ name }) => name),
    )
  }
  const takeRoutes = (response: XdsResponse): void => {
    const bad = response.resources.filter(isBad)
    if (bad.length > 0) {
      if (response.resources.length === 1) for (const one of bad) noteRefused('routes', one)
      return ask('routes', response.nonce, 'Only unique values for domains are permitted')
    }
    for (const one of response.resources) {
      if (!subscribed.routes.has(one.name)) continue
      routes.set(one.name, one)
      for (const part of one.parts ?? [])
        for (const cluster of part.clusters)
          if (!active.has(cluster)) complaints.push(`route ${part.name} names ${cluster}, which is not there`)
    }
    ask('routes', response.nonce, undefined)
  }

  ask('clusters', '', undefined)
  return {
    outbox,
    receive: (response) => {
      last[response.type] = response
      const take = {
        clusters: takeClusters,
        endpoints: takeEndpoints,
        listeners: takeListeners,
        routes: takeRoutes,
        secrets: () => {},
      }
      take[response.type](response)
    },
    giveUpWarming: () => {
      for (const [name, { version, good }] of warming) {
        if (!good) continue
        warming.delete(name)
        active.set(name, version)
      }
      release()
    },
    active,
    endpoints,
    listeners,
    routes,
    complaints,
  }
}
