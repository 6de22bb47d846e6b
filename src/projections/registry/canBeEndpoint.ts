import { isAddress } from '../../model/isAddress.ts'
import type { Found } from './compiledService.ts'

/** Whether an endpoint at `address` can be among those of a service: Envoy takes IP addresses and sockets as they
 *  are, and asks DNS of names and IP addresses only. */
export const canBeEndpoint = (address: string, { by }: Found): boolean => {
  const socket = address.startsWith('unix://')
  return by === 'registry' ? socket || isAddress(address) : !socket
}
