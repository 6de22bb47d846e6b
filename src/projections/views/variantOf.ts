import { isExportedTo } from '../istio/callerCondition.ts'
import type { CompiledService } from '../registry/compiledService.ts'
import { partsOf } from '../registry/declarers.ts'
import { meantBy } from '../registry/meantBy.ts'
import type { Registry } from '../registry/registry.ts'
import type { Caller } from './caller.ts'
import { type Scope, takesPort, takesService } from './scope.ts'
import type { IngressPlace, SliceVariant } from './slice.ts'

/** What slices depend on of a caller within the mesh. */
export const variantOf = (
  { egress: { scope, apart }, domain, namespace, locality, sourceRules }: Caller,
  mode: SliceVariant['mode'],
  registry: Registry,
): SliceVariant => {
  const seen = (hostname: string) => seenBy({ mode, namespace }, scope, hostname, registry)
  return {
    mode,
    domain,
    namespace,
    locality,
    sourceRules: new Set(sourceRules),
    meant: (hostname) => seen(hostname) ?? meantIn(namespace, hostname, registry),
    inScope: (service, port, within = apart?.called ?? scope) => {
      const meant = seen(service.hostname)
      return meant !== undefined && partsOf(meant).includes(service) && takesPort(within, meant, port)
    },
    ...(apart && { apart }),
  }
}

/** A proxy at the edge of the mesh, and what it is given of Gateways and rules of ingress. */
export type Edge = Pick<SliceVariant, 'mode' | 'gateways' | 'ingressRules'> & { readonly place: IngressPlace }

/** What slices depend on of such a proxy. */
export const edgeVariantOf = (
  { namespace, locality, sourceRules }: Caller,
  edge: Edge,
  registry: Registry,
): SliceVariant => ({
  ...edge,
  domain: '',
  namespace,
  locality,
  sourceRules: new Set(sourceRules),
  meant: (hostname) => meantIn(namespace, hostname, registry),
  inScope: () => false,
})

/** What `hostname` means to callers with this scope; `undefined` where they do not get it. */
export const seenBy = (
  caller: Pick<SliceVariant, 'namespace' | 'mode'>,
  scope: Scope,
  hostname: string,
  registry: Registry,
): CompiledService | undefined =>
  meantBy(
    registry.claimants(hostname).filter((service) => isSeen(service, scope, caller)),
    caller.namespace,
  )

/** What it means where rules lead there, whatever the scope. */
const meantIn = (namespace: string, hostname: string, registry: Registry): CompiledService | undefined => {
  const claimants = registry.claimants(hostname)
  const exported = claimants.filter((one) => isExportedTo(one.exportTo, one.namespace, { namespace }))
  return meantBy(exported, namespace) ?? claimants[0]
}

/** Whether callers with this scope get `service`: their Sidecar takes it, and it is for their namespace. Hosts that egress
 *  rules declare are for those who are captured, or ask by name, and not for a router. */
const isSeen = (
  service: CompiledService,
  scope: Scope,
  caller: Pick<SliceVariant, 'namespace' | 'mode'>,
): boolean =>
  takesService(scope, service) &&
  isExportedTo(service.exportTo, service.namespace, caller) &&
  (caller.mode !== 'router' || service.stored.resource.kind !== 'EgressRule')
