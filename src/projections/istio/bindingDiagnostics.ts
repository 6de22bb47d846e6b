import type { Diagnostic } from '../../model/diagnostic.ts'
import type { Resource } from '../../model/resource.ts'
import type { Registry } from '../registry/registry.ts'
import { bothHosts, serverHosts } from './gateway/serverHosts.ts'
import { resolveHost } from './hostPatterns.ts'
import { isForMesh } from './istioIndex.ts'
import { gatewayKey } from './routePlace.ts'

/** What keeps a VirtualService from being where it is to be: Gateways that are not there, hosts that their servers do
 *  not have, ports that its routes are not for. */
export const bindingDiagnostics = (
  rule: Resource<'VirtualService'>,
  registry: Registry,
): readonly Diagnostic[] => [
  ...unknownGateways(rule, registry),
  ...hostsOfNone(rule, registry),
  ...wrongPorts(rule, registry),
]

const unknownGateways = (
  { spec, metadata }: Resource<'VirtualService'>,
  registry: Registry,
): readonly Diagnostic[] =>
  (spec.gateways ?? []).flatMap((name, i) => {
    const key = gatewayKey(name, metadata.namespace)
    return name === 'mesh' || registry.istio.gateway(key) !== undefined
      ? []
      : [
          {
            code: 'RUT2121',
            severity: 'warning' as const,
            path: `/spec/gateways/${i}`,
            message: `There is no Gateway ${key}; until there is one, this has no effect.`,
          },
        ]
  })

const hostsOfNone = (rule: Resource<'VirtualService'>, registry: Registry): readonly Diagnostic[] => {
  const { spec, metadata } = rule
  const gateways = (spec.gateways ?? []).flatMap(
    (name) => registry.istio.gateway(gatewayKey(name, metadata.namespace))?.resource ?? [],
  )
  if (isForMesh(rule) || gateways.length === 0) return []
  const open = gateways.flatMap((gateway) =>
    gateway.spec.servers.flatMap((server) => serverHosts(server, gateway.metadata.namespace)),
  )
  return (spec.hosts ?? []).flatMap((host, i) => {
    const own = resolveHost(host, metadata.namespace, registry.settings().domain)
    return open.some(
      (one) =>
        (one.namespace ?? metadata.namespace) === metadata.namespace &&
        bothHosts(one.host, own) !== undefined,
    )
      ? []
      : [
          {
            code: 'RUT2122',
            severity: 'warning' as const,
            path: `/spec/hosts/${i}`,
            message: `No server of its Gateways has ${own} for rules of ${metadata.namespace}.`,
          },
        ]
  })
}

const wrongPorts = (rule: Resource<'VirtualService'>, registry: Registry): readonly Diagnostic[] => {
  const { spec, metadata } = rule
  if (!isForMesh(rule)) return []
  return (['tcp', 'tls'] as const).flatMap((key) => {
    if (spec[key] === undefined) return []
    return (spec.hosts ?? []).flatMap((host) => {
      const own = resolveHost(host, metadata.namespace, registry.settings().domain)
      const service = registry.service(own)
      const serves = service?.ports.some(({ http, protocol }) =>
        key === 'tcp' ? !http : !http && protocol === 'HTTPS',
      )
      return serves !== false
        ? []
        : [
            {
              code: 'RUT2124',
              severity: 'warning' as const,
              path: `/spec/${key}`,
              message: `${own} has no port that is routed by ${key === 'tcp' ? 'connection' : 'the name in TLS (protocol HTTPS or TLS)'}.`,
            },
          ]
    })
  })
}
