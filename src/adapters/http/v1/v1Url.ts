import { type Json, numberAt, textAt } from '../../../explain/json.ts'

/** `tcp://10.0.0.1:80`, `tcp://[::1]:80`: a socket address as Envoy's v1 API writes it (`Utility::resolveUrl` wants IPv6 in
 *  brackets). */
export const v1Url = (socket: Json | undefined): string => {
  const address = textAt(socket, 'address') ?? ''
  return `tcp://${address.includes(':') ? `[${address}]` : address}:${numberAt(socket, 'port_value') ?? 0}`
}
