import type { Kind } from '../model/resource.ts'
import { formerIngressVersions } from './specs/formerIngress.ts'

/** What a kind is called at the outer edge. */
export type KindInfo = {
  readonly kind: Kind
  /** Lower case, as in `rutter get services`. */
  readonly plural: string
  readonly group: string
  /** Every `apiVersion` that is read, the preferred one first. */
  readonly apiVersions: readonly string[]
}

const kindInfo = (kind: Kind, plural: string, group: string, versions: readonly string[]): KindInfo => ({
  kind,
  plural,
  group,
  apiVersions: versions.map((version) => `${group}/${version}`),
})

function istioKinds(names: readonly (readonly [kind: Kind, plural: string])[]): readonly KindInfo[] {
  return names.map(([kind, plural]) =>
    kindInfo(kind, plural, 'networking.istio.io', ['v1', 'v1beta1', 'v1alpha3']),
  )
}

/** Every kind that Rutter reads (contract §2, §8). */
export const kinds: readonly KindInfo[] = [
  kindInfo('Service', 'services', 'rutter.dev', ['v1']),
  kindInfo('Instance', 'instances', 'rutter.dev', ['v1']),
  kindInfo('MeshSettings', 'meshsettings', 'rutter.dev', ['v1']),
  kindInfo('EnvoyResource', 'envoyresources', 'rutter.dev', ['v1']),
  kindInfo('RouteRule', 'routerules', 'config.istio.io', ['v1alpha2']),
  kindInfo('DestinationPolicy', 'destinationpolicies', 'config.istio.io', ['v1alpha2']),
  kindInfo('IngressRule', 'ingressrules', 'config.istio.io', ['v1alpha2']),
  kindInfo('EgressRule', 'egressrules', 'config.istio.io', ['v1alpha2']),
  {
    ...kindInfo('Ingress', 'ingresses', 'networking.k8s.io', ['v1']),
    apiVersions: ['networking.k8s.io/v1', ...formerIngressVersions],
  },
  ...istioKinds([
    ['Sidecar', 'sidecars'],
    ['VirtualService', 'virtualservices'],
    ['DestinationRule', 'destinationrules'],
    ['ServiceEntry', 'serviceentries'],
    ['WorkloadEntry', 'workloadentries'],
    ['Gateway', 'gateways'],
  ]),
]

const byName: ReadonlyMap<string, KindInfo> = new Map(
  kinds.flatMap((info) => [
    [info.kind.toLowerCase(), info],
    [info.plural, info],
    [`${info.kind.toLowerCase()}.${info.group}`, info],
    [`${info.plural}.${info.group}`, info],
  ]),
)

/** The kind that a path or a command line names, without regard to case: `routerule`, its plural `RouteRules`, or
 *  either with its group (`sidecar.networking.istio.io`). `undefined` when there is none of that name. */
export const kindNamed = (text: string): KindInfo | undefined => byName.get(text.toLowerCase())

/** What a kind is called at the outer edge. */
export const infoOf = (kind: Kind): KindInfo => {
  const info = byName.get(kind.toLowerCase())
  if (info === undefined) throw new Error(`kind ${kind} is missing in the table of kinds`)
  return info
}
