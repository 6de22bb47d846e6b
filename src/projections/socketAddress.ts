import type { JsonObject } from './json.ts'

/** Envoy's Address of an IP (no brackets) or DNS name and a port, or of a socket of the file system, `unix:///path`. */
export const socketAddress = (address: string, port: number): JsonObject =>
  address.startsWith(unix)
    ? { pipe: { path: address.slice(unix.length) } }
    : { socket_address: { address, port_value: port } }

const unix = 'unix://'
