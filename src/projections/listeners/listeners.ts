import type { JsonObject } from '../json.ts'
import { type Provenance, resourceMetadata } from '../provenance.ts'
import { socketAddress } from '../socketAddress.ts'

/** The name of the listener at an address and port: `10.1.0.4_3306`. */
export const listenerName = (address: string, port: number): string => `${address}_${port}`

/** Envoy's Listener with one chain of `filters`. */
export const listenerJson = (listener: {
  readonly name: string
  readonly address: string
  readonly port: number
  readonly direction: 'INBOUND' | 'OUTBOUND'
  /** False: it is reached only through a listener that gets captured connections. */
  readonly bind: boolean
  readonly filters: readonly JsonObject[]
  /** A `transport_socket`: connections are TLS. */
  readonly tls?: JsonObject
  readonly rule?: Omit<Provenance, 'position'>
}): JsonObject & { readonly filter_chains: readonly JsonObject[] } => ({
  name: listener.name,
  address: socketAddress(listener.address, listener.port),
  traffic_direction: listener.direction,
  ...(listener.bind ? {} : { bind_to_port: false }),
  filter_chains: [
    { filters: listener.filters, ...(listener.tls === undefined ? {} : { transport_socket: listener.tls }) },
  ],
  ...(listener.rule === undefined ? {} : { metadata: resourceMetadata(listener.rule) }),
})
