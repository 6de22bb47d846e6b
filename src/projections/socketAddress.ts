import type { JsonObject } from './json.ts'

/** Envoy's Address of an IP (no brackets) or DNS name and a port. */
export const socketAddress = (address: string, port: number): JsonObject => ({
  socket_address: { address, port_value: port },
})
