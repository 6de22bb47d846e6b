import type { Resource } from '../../model/resource.ts'
import { type Locality, localityOfZone } from './locality.ts'

/** One port of one instance, with every default filled in. */
export type Endpoint = {
  /** Where callers reach it. */
  readonly address: string
  readonly port: number
  /** Where the application itself listens. */
  readonly app: { readonly host: string; readonly port: number }
  readonly weight: number
  readonly locality: Locality
  readonly labels: Readonly<Record<string, string>>
  readonly serviceAccount: string | undefined
}

/** The endpoint behind the service port `portName`; `undefined` when the instance does not offer that port. */
export const endpointOf = (instance: Resource<'Instance'>, portName: string): Endpoint | undefined => {
  const { spec } = instance
  const given = Object.hasOwn(spec.ports, portName) ? spec.ports[portName] : undefined
  if (given === undefined) return undefined
  const { port, app } = typeof given === 'number' ? { port: given } : given
  return {
    address: spec.address,
    port,
    app: app === undefined ? { host: '127.0.0.1', port } : hostAndPort(app),
    weight: spec.weight ?? 1,
    locality: localityOfZone(spec.zone),
    labels: spec.labels ?? {},
    serviceAccount: spec.serviceAccount,
  }
}

const hostAndPort = (text: string): { readonly host: string; readonly port: number } => {
  const colon = text.lastIndexOf(':')
  return { host: text.slice(0, colon).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(colon + 1)) }
}

/** True when `labels` hold every label of `subset`; an empty subset takes all. */
export const matchesLabels = (
  labels: Readonly<Record<string, string>>,
  subset: Readonly<Record<string, string>>,
): boolean => {
  for (const key in subset) if (labels[key] !== subset[key]) return false
  return true
}
