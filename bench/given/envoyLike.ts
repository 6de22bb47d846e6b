import type { XdsType } from '../../src/model/xds.ts'
import { typeUrlOf } from '../../src/model/xds.ts'
import { type XdsClient, xdsClient } from '../../test/adapters/xds/xdsClient.ts'

type Response = {
  readonly type_url: string
  readonly nonce: string
  readonly resources?: readonly { readonly name: string }[]
}

/** A stream that does as an Envoy's does: clusters and their endpoints, listeners, the routes of port 9080, every
 *  response acknowledged. */
export type EnvoyLike = {
  readonly client: XdsClient
  /** Resolves once it has all of them. */
  readonly complete: Promise<void>
}

/** Opens the stream of `node`. Once it is complete, `changed` is called with what acknowledges the response that has
 *  come. */
export const envoyLike = (
  address: string,
  node: string,
  changed: (acknowledge: () => void) => void = () => {},
): EnvoyLike => {
  const client = xdsClient(address)
  const ask = (type: XdsType, names: readonly string[] = [], more: object = {}) =>
    client.send({
      type_url: typeUrlOf[type],
      ...(names.length === 0 ? {} : { resource_names_subscribe: names }),
      ...more,
    })
  const acknowledge = ({ type_url, nonce }: Response) => client.send({ type_url, response_nonce: nonce })
  const complete = async (): Promise<void> => {
    const came = new Set<string>()
    ask('clusters', [], { node: { id: node } })
    while (came.size < 4) {
      const response = (await client.next()) as Response
      const { type_url, resources = [] } = response
      acknowledge(response)
      if (came.has(type_url)) continue
      came.add(type_url)
      const names = resources.map(({ name }) => name)
      if (type_url === typeUrlOf.clusters) ask('endpoints', names)
      if (type_url === typeUrlOf.endpoints) ask('listeners')
      if (type_url === typeUrlOf.listeners) ask('routes', ['9080'])
    }
    client.call.on('data', () => changed(async () => acknowledge((await client.next()) as Response)))
  }
  return { client, complete: complete() }
}
