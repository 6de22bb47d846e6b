import { type Either, isRight, left, map } from 'fp-ts/lib/Either.js'
import type { Stored } from '../model/mesh.ts'
import type { ProxyIdentity } from '../model/proxy.ts'
import { nameOf } from '../model/resourceName.ts'
import { type ConfigurableType, configurableTypes, typeUrlOf, type XdsResource } from '../model/xds.ts'
import { tryXdsResource } from './encoded.ts'
import { matchesLabels } from './registry/instanceEndpoints.ts'

/** A raw Envoy resource, ready to be sent. */
export type RawResource = { readonly type: ConfigurableType; readonly resource: XdsResource }

/** The raw resource that `stored` holds; Left says why it cannot be sent: another Envoy's limits held when it was
 *  admitted. */
export const rawResourceOf = (stored: Stored<'EnvoyResource'>): Either<string, RawResource> => {
  const { '@type': typeUrl, ...json } = stored.resource.spec.resource
  const type = configurableTypes.find((one) => typeUrlOf[one] === typeUrl)
  if (type === undefined) return left(`${typeUrl} is not served`)
  const name = String(json['cluster_name'] ?? json['clusterName'] ?? json['name'])
  const rule = { ...nameOf(stored.resource), position: stored.position }
  return map((resource: XdsResource) => ({ type, resource }))(tryXdsResource(type, name, json, [rule]))
}

/** `rawResourceOf`, encoded once however many proxies get it; `undefined` for what cannot be sent. */
export const createRawResources = (): ((stored: Stored<'EnvoyResource'>) => RawResource | undefined) => {
  const made = new WeakMap<Stored<'EnvoyResource'>, RawResource | undefined>()
  return (stored) => {
    if (made.has(stored)) return made.get(stored)
    const found = rawResourceOf(stored)
    const raw = isRight(found) ? found.right : undefined
    made.set(stored, raw)
    return raw
  }
}

/** Whether `stored` is meant for a proxy with these labels (contract §2). A bare node has no type and no labels, and
 *  is meant by its id or by `all`. */
export const isMeantFor = (
  { resource }: Stored<'EnvoyResource'>,
  proxy: ProxyIdentity,
  labels: Readonly<Record<string, string>>,
): boolean => {
  const { ids, types, labels: wanted, all } = resource.spec.proxies
  if (all === true) return true
  if (ids !== undefined) return ids.includes(proxy.node)
  if (types === undefined && wanted === undefined) return false
  if (types !== undefined && (proxy.type === 'bare' || !types.includes(proxy.type))) return false
  return wanted === undefined || (proxy.type !== 'bare' && matchesLabels(labels, wanted))
}
