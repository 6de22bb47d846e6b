import { createDelivery, type Delivery } from '../../src/delivery/delivery.ts'
import type { Effect } from '../../src/delivery/effect.ts'
import type { IntendedChange } from '../../src/delivery/intended.ts'
import { defaultDeliveryLimits } from '../../src/delivery/limits.ts'
import { typeUrlOf, type XdsType } from '../../src/model/xds.ts'
import type { XdsRequest, XdsResponse } from '../../src/model/xdsMessage.ts'
import type { TestMesh } from './mesh.ts'

/** Responses in short, each as `type name@version … -removed`. */
export const said = (responses: readonly XdsResponse[]): readonly string[] =>
  responses.map(({ type, resources, removed }) =>
    [
      type,
      ...resources.map(({ name, version, parts }) =>
        parts === undefined ? version : `${name}[${parts.map((part) => part.version).join(' ')}]`,
      ),
      ...removed.map((name) => `-${name}`),
    ].join(' '),
  )

type Options = { readonly nonce?: string; readonly error?: string; readonly version?: string }

/** One xDS client on one stream, by hand. Time stands at `nowMs` until `wait`. */
export const testClient = (
  mesh: TestMesh,
  protocol: 'sotw' | 'delta' = 'delta',
  service: 'ads' | XdsType = 'ads',
) => {
  const delivery: Delivery = createDelivery({
    intended: mesh.intended,
    service,
    protocol,
    limits: defaultDeliveryLimits,
  })
  let nowMs = 1_000
  let wakeAtMs: number | undefined
  const names = new Map<XdsType, readonly string[]>()
  const ends: Effect[] = []

  const run = (effects: readonly Effect[]): readonly XdsResponse[] =>
    effects.flatMap((effect) => {
      if (effect.type === 'wakeAt') wakeAtMs = effect.atMs
      if (effect.type === 'end') ends.push(effect)
      return effect.type === 'send' ? effect.response : []
    })
  const request = (type: XdsType, body: XdsRequest['body'], { nonce = '', error }: Options) =>
    run(
      delivery.request(
        {
          typeUrl: typeUrlOf[type],
          nonce,
          ...(error === undefined ? {} : { error: { code: 13, message: error } }),
          body,
        },
        nowMs,
      ),
    )
  const sotw = (type: XdsType, wanted: readonly string[], options: Options = {}) => {
    names.set(type, wanted)
    return request(type, { protocol: 'sotw', version: options.version ?? '', names: wanted }, options)
  }
  const delta = (
    type: XdsType,
    change: {
      readonly subscribe?: readonly string[]
      readonly unsubscribe?: readonly string[]
      readonly initial?: Readonly<Record<string, string>>
    } = {},
    options: Options = {},
  ) =>
    request(
      type,
      {
        protocol: 'delta',
        subscribe: change.subscribe ?? [],
        unsubscribe: change.unsubscribe ?? [],
        initialVersions: new Map(Object.entries(change.initial ?? {})),
      },
      options,
    )
  const answer = (response: XdsResponse | undefined, error?: string) => {
    if (response === undefined) throw new Error('there is no response to answer')
    const options = { nonce: response.nonce, ...(error === undefined ? {} : { error }) }
    return protocol === 'sotw'
      ? sotw(response.type, names.get(response.type) ?? [], { ...options, version: response.version })
      : delta(response.type, {}, options)
  }
  return {
    sotw,
    delta,
    /** Raw requests. */
    raw: (message: XdsRequest) => run(delivery.request(message, nowMs)),
    ack: (response: XdsResponse | undefined) => answer(response),
    nack: (response: XdsResponse | undefined, error: string) => answer(response, error),
    /** Acknowledges all of them and what comes of that, until it is quiet; gives back what came. */
    ackAll: (responses: readonly XdsResponse[]): readonly XdsResponse[] => {
      const came: XdsResponse[] = []
      const open = [...responses]
      for (let next = open.shift(); next !== undefined; next = open.shift()) {
        const more = answer(next)
        came.push(...more)
        open.push(...more)
      }
      return came
    },
    changed: (change: IntendedChange) => run(delivery.changed(change, nowMs)),
    wait: (ms: number) => {
      nowMs += ms
      return run(delivery.tick(nowMs))
    },
    /** Goes on to the next deadline, or to `earlyMs` before it. It rings once. */
    wake: (earlyMs = 0) => {
      if (wakeAtMs === undefined) throw new Error('nothing is to be waited for')
      nowMs = Math.max(nowMs, wakeAtMs - earlyMs)
      wakeAtMs = undefined
      return run(delivery.tick(nowMs))
    },
    status: () => delivery.status(),
    ends,
  }
}

export type TestClient = ReturnType<typeof testClient>
