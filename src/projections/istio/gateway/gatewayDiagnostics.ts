import type { Diagnostic } from '../../../model/diagnostic.ts'
import type { GatewayServer } from '../../../model/istio/gateway.ts'
import type { Resource } from '../../../model/resource.ts'
import { keyOf, nameOf } from '../../../model/resourceName.ts'
import { sameJson } from '../../../model/sameJson.ts'
import type { Registry } from '../../registry.ts'
import { type Unused, unusedFields } from '../unusedFields.ts'
import { serverHosts } from './serverHosts.ts'
import { serverKind } from './serverKind.ts'
import { credentialsOf, serverTls } from './serverTls.ts'
import { isCipherSuite, isHash, isSpki } from './tlsTexts.ts'
import { tlsWithoutEffect } from './tlsWithoutEffect.ts'

/** All that keeps a Gateway, or a part of it, from having an effect. */
export const gatewayDiagnostics = (
  gateway: Resource<'Gateway'>,
  registry: Registry,
): readonly Diagnostic[] => [
  ...gateway.spec.servers.flatMap((server, i) => {
    const path = `/spec/servers/${i}`
    return [
      ...notServed(server, path),
      ...withoutCertificate(server, path),
      ...secretOf(server, path, gateway, registry),
      ...unknownTexts(server, path),
      ...tlsWithoutEffect(server, path),
      ...taken(gateway, server, i, registry),
    ]
  }),
  ...unusedFields(gateway.spec, unused),
]

const unused: readonly Unused[] = [
  ['servers/*/port/targetPort', 'Proxies listen on the port’s number.'],
  ['servers/*/defaultEndpoint', 'Where requests go is said by VirtualServices.'],
]

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
            'AUTO_PASSTHROUGH has no effect: where TLS goes is said by tls routes with mode PASSTHROUGH.',
        },
  ]
}

const withoutCertificate = (server: GatewayServer, path: string): readonly Diagnostic[] => {
  const kind = serverKind(server)
  if (kind.kind === 'none' || kind.kind === 'passthrough' || !kind.tls) return []
  if (serverTls(server, { namespace: '', http: true }) !== undefined) return []
  return [
    {
      code: 'RUT2125',
      severity: 'error',
      path: `${path}/tls`,
      message:
        server.tls?.serverCertificate !== undefined && server.tls.privateKey !== undefined
          ? 'Nothing says whose certificates callers may show, so the server is not opened. Give a credentialName, or caCertificates.'
          : 'There is no certificate to show, so the server is not opened. Give a credentialName, or serverCertificate and privateKey.',
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
  credentialsOf(server.tls ?? {}).flatMap((name) => {
    const problem = registry.secretProblem(`${metadata.namespace}/${name}`)
    return problem === undefined
      ? []
      : [
          {
            code: 'RUT2057',
            severity: 'info' as const,
            path: `${path}/tls/${server.tls?.credentialName === undefined ? 'credentialNames' : 'credentialName'}`,
            message: `The secret is that of the proxies' own namespace. Of those in ${metadata.namespace}: ${problem.message}.`,
          },
        ]
  })

const unknownTexts = ({ tls = {} }: GatewayServer, path: string): readonly Diagnostic[] =>
  (
    [
      ['cipherSuites', isCipherSuite, 'No cipher suite of TLS 1.2 or older that Envoy has.'],
      ['verifyCertificateSpki', isSpki, 'No SHA-256 in base64.'],
      ['verifyCertificateHash', isHash, 'No SHA-256 in hex.'],
    ] as const
  ).flatMap(([field, isKnown, why]) =>
    (tls[field] ?? []).flatMap((text, i) =>
      isKnown(text)
        ? []
        : [
            {
              code: 'RUT2011',
              severity: 'warning' as const,
              path: `${path}/tls/${field}/${i}`,
              message: `${text} has no effect. ${why}`,
            },
          ],
    ),
  )

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
          other.port.number === server.port.number &&
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

const endsTls = (server: GatewayServer): boolean => {
  const kind = serverKind(server)
  if (kind.kind === 'none' || kind.kind === 'passthrough' || !kind.tls) return false
  return serverTls(server, { namespace: '', http: true }) !== undefined
}
