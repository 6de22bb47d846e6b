import { type ConfigurableType, configurableTypes, typeUrlOf } from '../../src/model/xds.ts'
import type { XdsStream } from '../../src/ports.ts'
import { xdsClient } from '../adapters/xds/xdsClient.ts'
import { type JsonObject, nameIn, revisionIn } from './bareResources.ts'

/** One response, told in short. */
export type Said = {
  readonly type: ConfigurableType
  readonly version: string
  readonly nonce: string
  /** Name and revision of what it holds. */
  readonly has: Readonly<Record<string, string>>
  /** Delta only: the version of each. */
  readonly versions: Readonly<Record<string, string>>
  readonly removed: readonly string[]
}

export type BareClientOptions = {
  readonly address: string
  readonly node: string
  readonly service: XdsStream['service']
  readonly protocol: XdsStream['protocol']
}

/** What a request says beside its type. */
export type Asking = {
  readonly subscribe?: readonly string[]
  readonly unsubscribe?: readonly string[]
  /** The response that it answers; by default the last one in state of the world, and none in delta. */
  readonly nonce?: string
  readonly refusal?: string
  /** Delta: versions held before the stream was opened, by name. */
  readonly held?: Readonly<Record<string, string>>
  /** State of the world: the version held, by default the last one acknowledged. */
  readonly version?: string
}

/** A client of nobody's making on one stream: it says what it is told to say, and tells what it hears. In state of the
 *  world it restates all names it is subscribed to, as the protocol asks. */
export const bareClient = ({ address, node, service, protocol }: BareClientOptions) => {
  const client = xdsClient(address, service, protocol)
  const names = new Map<ConfigurableType, Set<string>>()
  const heard = new Map<ConfigurableType, Said>()
  const accepted = new Map<ConfigurableType, string>()
  let first = true

  const ask = (type: ConfigurableType, asking: Asking = {}): void => {
    const wanted = names.get(type) ?? new Set()
    names.set(type, wanted)
    for (const name of asking.subscribe ?? []) wanted.add(name)
    for (const name of asking.unsubscribe ?? []) wanted.delete(name)
    const last = protocol === 'sotw' ? (heard.get(type)?.nonce ?? '') : ''
    client.send({
      ...(first ? { node: { id: node } } : {}),
      type_url: typeUrlOf[type],
      response_nonce: asking.nonce ?? last,
      ...(asking.refusal === undefined ? {} : { error_detail: { code: 3, message: asking.refusal } }),
      ...(protocol === 'sotw'
        ? { resource_names: [...wanted], version_info: asking.version ?? accepted.get(type) ?? '' }
        : {
            resource_names_subscribe: asking.subscribe ?? [],
            resource_names_unsubscribe: asking.unsubscribe ?? [],
            initial_resource_versions: asking.held ?? {},
          }),
    })
    first = false
  }

  const next = async (): Promise<Said> => {
    const said = told((await client.next()) as JsonObject)
    heard.set(said.type, said)
    return said
  }
  return {
    ask,
    next,
    /** The next response, once it is acknowledged. */
    taken: async (): Promise<Said> => {
      const said = await next()
      accepted.set(said.type, said.version)
      ask(said.type, { nonce: said.nonce })
      return said
    },
    refuse: ({ type, nonce }: Said, refusal: string) => ask(type, { nonce, refusal }),
    ended: client.ended,
    close: client.close,
  }
}

const told = (response: JsonObject): Said => {
  const listed = (response['resources'] ?? []) as readonly JsonObject[]
  const bodies = listed.map((one) => (one['resource'] ?? one) as JsonObject)
  const typeUrl = String(response['type_url'])
  const type = configurableTypes.find((one) => typeUrlOf[one] === typeUrl)
  if (type === undefined) throw new Error(`a response of the type ${typeUrl}`)
  return {
    type,
    version: String(response['version_info'] ?? response['system_version_info'] ?? ''),
    nonce: String(response['nonce']),
    has: Object.fromEntries(bodies.map((body) => [nameIn(type, body), revisionIn(type, body)])),
    versions: Object.fromEntries(listed.map((one) => [String(one['name']), String(one['version'])])),
    removed: (response['removed_resources'] ?? []) as readonly string[],
  }
}
