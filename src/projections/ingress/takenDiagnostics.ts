import type { Diagnostic } from '../../model/diagnostic.ts'
import { gatewaysTaking } from '../istio/gateway/gatewaysTaking.ts'
import type { Registry } from '../registry/registry.ts'
import type { HostPlace } from './hostPlace.ts'

/** Told of a rule for a host on a port that Gateways have before it; `path` says where the rule says so. Which proxies
 *  a Gateway selects is theirs to say. */
export const takenDiagnostics = (place: HostPlace, path: string, registry: Registry): readonly Diagnostic[] =>
  gatewaysTaking(place, registry).map((key) => ({
    code: 'RUT2127',
    severity: 'warning',
    path,
    message: `On ingress proxies that Gateway/${key} selects it comes first: it has ${hostText(place)} on port ${place.port}, and there this takes no request.`,
  }))

const hostText = ({ host }: HostPlace): string => (host === '*' ? 'what no other rule has a host for' : host)
