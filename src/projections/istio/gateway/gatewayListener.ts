import { type ConnectionChain, chainsApart, chainsJson } from '../../connectionChain.ts'
import { defaultIngressPort } from '../../ingress/ingressHost.ts'
import type { JsonObject } from '../../json.ts'
import { listenerJson, listenerName } from '../../listeners.ts'
import type { Provenance } from '../../provenance.ts'
import type { IngressPlace } from '../../slice.ts'

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
    ...chainsJson(chainsApart(listener.chains)),
  }
}
