import type { Diagnostic } from '../../../model/diagnostic.ts'
import type { GatewayServer } from '../../../model/istio/gateway.ts'
import type { ServerTls } from '../../../model/istio/serverTls.ts'
import type { Resource } from '../../../model/resource.ts'
import { keyOf, nameOf } from '../../../model/resourceName.ts'
import { sameJson } from '../../../model/sameJson.ts'
import { anyAddress } from '../../anyAddress.ts'
import { type NamedSecret, secretDiagnostics } from '../../diagnostics/secretDiagnostics.ts'
import type { Registry } from '../../registry/registry.ts'
import { asksCallers, authoritiesFor } from './callersTls.ts'
import { endedTlsDiagnostics } from './endedTlsDiagnostics.ts'
import { listeningPort } from './listeningPort.ts'
import { serverHosts } from './serverHosts.ts'
import { serverKind } from './serverKind.ts'
import { certificateFilesOf, credentialsOf, serverTls } from './serverTls.ts'
import { tlsWithoutEffect } from './tlsWithoutEffect.ts'

/** All that keeps a Gateway, or a part of it, from having an effect. */
export const gatewayDiagnostics = (gateway: Resource<'Gateway'>, registry: Registry): readonly Diagnostic[] =>
  gateway.spec.servers.flatMap((server, i) => {
    const path = `/spec/servers/${i}`
    return [
      ...notServed(server, path),
      ...withoutCertificate(server, path),
      ...secretOf(server, path, gateway, registry),
      ...tlsWithoutEffect(server, path),
      ...(meansToEndTls(server) ? endedTlsDiagnostics(server.tls ?? {}, `${path}/tls`, registry) : []),
      ...taken(gateway, server, i, registry),
    ]
  })

const notServed = (server: GatewayServer, path: string): readonly Diagnostic[] => {
  if (serverKind(server).kind !== 'none') return []
  const { protocol } = server.port
  return [
    protocol === 'UDP'
      ? {
          code: 'RUT2011',
          severity: 'warning',
          path: `${path}/port/protocol`,
          message: 'Proxies do not route UDP.',
        }
      : {
          code: 'RUT2011',
          severity: 'warning',
          path: `${path}/tls/mode`,
          message:
            'AUTO_PASSTHROUGH has no effect, and the server is not opened. Write PASSTHROUGH, and a VirtualService of this Gateway whose tls routes say by sniHosts where TLS goes.',
        },
  ]
}

const withoutCertificate = (server: GatewayServer, path: string): readonly Diagnostic[] => {
  if (!meansToEndTls(server) || endsTls(server)) return []
  const { tls = {} } = server
  return [
    {
      code: 'RUT2125',
      severity: 'error',
      path: `${path}/tls`,
      message:
        certificateFilesOf(tls).length > 0
          ? 'Nothing says whose certificates callers may show, so the server is not opened. Give a caCertCredentialName, or caCertificates.'
          : 'There is no certificate to show, so the server is not opened. Give a credentialName, or serverCertificate and privateKey, or tlsCertificates.',
    },
  ]
}

// Which proxies a Gateway selects, and so whose secrets it means, is theirs to say.
const secretOf = (
  server: GatewayServer,
  path: string,
  { metadata }: Resource<'Gateway'>,
  registry: Registry,
): readonly Diagnostic[] =>
  secretDiagnostics(secretsNamed(server.tls ?? {}, `${path}/tls`, metadata.namespace), 'proxies', registry)

const secretsNamed = (tls: ServerTls, path: string, namespace: string): readonly NamedSecret[] => {
  const field = tls.credentialName === undefined ? 'credentialNames' : 'credentialName'
  const authorities = asksCallers(tls) ? authoritiesFor(tls, namespace)?.secret : undefined
  const verifying = tls.caCertCredentialName === undefined ? field : 'caCertCredentialName'
  return [
    ...credentialsOf(tls).map((name) => ({ secret: `${namespace}/${name}`, path: `${path}/${field}` })),
    ...(authorities === undefined ? [] : [{ secret: authorities, path: `${path}/${verifying}` }]),
  ]
}

/** Hosts over TLS that another server of the port, for the same proxies, has before. */
const taken = (
  gateway: Resource<'Gateway'>,
  server: GatewayServer,
  i: number,
  registry: Registry,
): readonly Diagnostic[] => {
  if (!endsTls(server)) return []
  const own = serverHosts(server, gateway.metadata.namespace)
  const before = registry.istio
    .gatewaysFor(gateway.spec.selector ?? {})
    .flatMap((key) => registry.istio.gateway(key) ?? [])
    .filter(({ resource }) => sameJson(resource.spec.selector ?? {}, gateway.spec.selector ?? {}))
    .flatMap(({ resource }) =>
      resource.spec.servers.map((other, j) => ({ other, j, key: keyOf(nameOf(resource)), resource })),
    )
  const self = before.findIndex(({ j, key }) => j === i && key === keyOf(nameOf(gateway)))
  return own.flatMap(({ host }, j) => {
    const first = before
      .slice(0, Math.max(self, 0))
      .find(
        ({ other, resource }) =>
          listeningPort(other) === listeningPort(server) &&
          (other.bind ?? anyAddress) === (server.bind ?? anyAddress) &&
          endsTls(other) &&
          serverHosts(other, resource.metadata.namespace).some((one) => one.host === host),
      )
    return first === undefined
      ? []
      : [
          {
            code: 'RUT2126',
            severity: 'warning' as const,
            path: `/spec/servers/${i}/hosts/${j}`,
            message: `Server ${first.j} of ${first.key} has ${host} on port ${server.port.number} and comes first: connections for it get its TLS.`,
          },
        ]
  })
}

const endsTls = (server: GatewayServer): boolean =>
  meansToEndTls(server) && serverTls(server.tls ?? {}, { namespace: '', http: true }) !== undefined

/** True also where there is no certificate to end it with. */
const meansToEndTls = (server: GatewayServer): boolean => {
  const kind = serverKind(server)
  return kind.kind !== 'none' && kind.kind !== 'passthrough' && kind.tls
}
