import { defaultIngressPort } from '../../../model/ingressHost.ts'
import type { JsonObject } from '../../json.ts'
import {
  type ConnectionChain,
  chainsApart,
  chainsInOrderJson,
  chainsJson,
} from '../../listeners/connectionChain.ts'
import { listenerJson, listenerName } from '../../listeners/listeners.ts'
import type { Provenance } from '../../provenance.ts'
import type { IngressPlace } from '../../views/slice.ts'

/** The listener of all servers of Gateways at an address (`0.0.0.0`: where the proxy listens) and port; of what two of
 *  them want the first has it. What none takes is closed. */
export const gatewayListenerJson = (listener: {
  readonly address: string
  readonly port: number
  readonly place: IngressPlace
  readonly chains: readonly ConnectionChain[]
  readonly rule: Omit<Provenance, 'position'>
}): JsonObject => {
  const { address, port, place } = listener
  return {
    ...listenerJson({
      name: listenerName(address, port),
      address: address === '0.0.0.0' ? place.address : address,
      port: port === defaultIngressPort && address === '0.0.0.0' ? place.port : port,
      direction: 'INBOUND',
      bind: true,
      filters: [],
      rule: listener.rule,
    }),
    ...(goInOrder(listener.chains)
      ? chainsInOrderJson(listener.chains)
      : chainsJson(chainsApart(listener.chains))),
  }
}

/** To Envoy a subnet is always more specific than a name, and it never goes back: where there are both, order is told. */
const goInOrder = (chains: readonly ConnectionChain[]): boolean =>
  chains.some(({ inOrder }) => inOrder) ||
  (chains.some(({ subnets }) => subnets.length > 0) &&
    chains.some(({ serverNames }) => serverNames.length > 0))
