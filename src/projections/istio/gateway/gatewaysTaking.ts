import { defaultIngressPort } from '../../../model/ingressHost.ts'
import { nameOf } from '../../../model/resourceName.ts'
import { anyAddress } from '../../anyAddress.ts'
import type { HostPlace } from '../../ingress/hostPlace.ts'
import type { Registry } from '../../registry/registry.ts'
import type { SliceVariant } from '../../views/slice.ts'
import { gatewayHostSlice } from './gatewayHostSlice.ts'
import { gatewaySlice } from './gatewaySlice.ts'
import { takenByGateways } from './takenByGateways.ts'

/** `namespace/name` of the Gateways that have a host on a port before rules of ingress, on ingress proxies of their own
 *  namespace that they alone select; sorted. */
export const gatewaysTaking = (place: HostPlace, registry: Registry): readonly string[] =>
  registry.istio.gatewaysAt(place.port).flatMap(({ resource }) => {
    const { namespace, name } = nameOf(resource)
    const key = `${namespace}/${name}`
    const variant = alone(key, namespace, registry)
    const servers = gatewaySlice(key, variant, registry)
    const ofHost = gatewayHostSlice(place.host, variant, registry)
    return takenByGateways(place, servers === undefined ? [] : [servers], ofHost) ? [key] : []
  })

const alone = (gateway: string, namespace: string, registry: Registry): SliceVariant => ({
  mode: 'gateway',
  place: { address: anyAddress, port: defaultIngressPort },
  gateways: [gateway],
  domain: '',
  namespace,
  locality: '',
  sourceRules: new Set(),
  meant: (hostname) => registry.service(hostname),
  inScope: () => false,
})
