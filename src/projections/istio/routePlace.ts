import type { Resource } from '../../model/resource.ts'
import { type CallerTraits, meets } from './callerCondition.ts'

/** Where requests and connections are routed. */
export type RoutePlace = {
  /** What rules call the proxies there: `mesh`, or `namespace/name` of Gateways. */
  readonly gateways: ReadonlySet<string>
  /** That callers asked for. */
  readonly port: number
  readonly caller: CallerTraits
}

/** Callers within the mesh. */
export const meshGateway: ReadonlySet<string> = new Set(['mesh'])

type Conditions = {
  readonly port?: number
  readonly gateways?: readonly string[]
  readonly sourceLabels?: Readonly<Record<string, string>>
  readonly sourceNamespace?: string
}

/** True when what `match` asks of place and caller is so at `place`; of the request nothing is asked here. */
export const isMet = (match: Conditions, ruleNamespace: string, place: RoutePlace): boolean =>
  (match.port === undefined || match.port === place.port) &&
  (match.gateways === undefined ||
    match.gateways.length === 0 ||
    match.gateways.some((name) => place.gateways.has(gatewayKey(name, ruleNamespace)))) &&
  meets(
    {
      ...(match.sourceNamespace !== undefined && { namespace: match.sourceNamespace }),
      ...(match.sourceLabels && { labels: match.sourceLabels }),
    },
    place.caller,
  )

/** `namespace/name` of the Gateway that a rule means by `name`; `mesh` is none. */
export const gatewayKey = (name: string, ruleNamespace: string): string =>
  name === 'mesh' || name.includes('/') ? name : `${ruleNamespace}/${name}`

/** `namespace/name` of every Gateway whose proxies `rule` is for. */
export const boundGateways = ({ metadata, spec }: Resource<'VirtualService'>): ReadonlySet<string> =>
  new Set(
    (spec.gateways ?? []).flatMap((name) => (name === 'mesh' ? [] : [gatewayKey(name, metadata.namespace)])),
  )
