import { describe, expect, test } from 'vitest'
import type { ServerTls } from '../../../src/model/istio/serverTls.ts'
import type { ProxyMetadata } from '../../../src/model/proxy.ts'
import { instance, service } from '../../reducers/given.ts'
import { stored } from '../given.ts'
import { istio, proxyOf, seen } from '../istio/following.ts'

type Manager = {
  readonly forward_client_cert_details?: string
  readonly set_current_client_cert_details?: Readonly<Record<string, boolean>>
}
type Chain = {
  readonly transport_socket?: {
    readonly typed_config: { readonly common_tls_context: Readonly<Record<string, unknown>> }
  }
  readonly filters: readonly { readonly name: string; readonly typed_config: Manager }[]
}

const names = { subject: true, dns: true, uri: true }
const ofMesh = { forward_client_cert_details: 'APPEND_FORWARD', set_current_client_cert_details: names }
const ofCaller = {
  forward_client_cert_details: 'SANITIZE_SET',
  set_current_client_cert_details: { ...names, cert: true },
}
const unverified = {
  forward_client_cert_details: 'SANITIZE_SET',
  set_current_client_cert_details: { cert: true },
}

/** What a connection manager is told of the header. */
const toldTo = ({ forward_client_cert_details, set_current_client_cert_details }: Manager): Manager => ({
  ...(forward_client_cert_details && { forward_client_cert_details }),
  ...(set_current_client_cert_details && { set_current_client_cert_details }),
})

/** Of each chain of the listener, in order, what its connection manager is told. */
const toldAt = (world: ReturnType<typeof seen>, listener: string): readonly Manager[] =>
  chainsOf(world, listener).flatMap(({ filters }) => filters.map(({ typed_config }) => toldTo(typed_config)))

const chainsOf = (world: ReturnType<typeof seen>, listener: string): readonly Chain[] => {
  const { filter_chains = [], default_filter_chain } = (world.json('listeners', listener) ?? {}) as {
    filter_chains?: readonly Chain[]
    default_filter_chain?: Chain
  }
  return default_filter_chain === undefined ? filter_chains : [...filter_chains, default_filter_chain]
}

const mutual = stored('MeshSettings', 'mesh', { authPolicy: 'MUTUAL_TLS' }).resource
const ports = [
  { name: 'http', port: 9080 },
  { name: 'grpc', port: 9081 },
  { name: 'http-open', port: 9090, authPolicy: 'disable' as const },
]
const files = { serverCertificate: '/c.pem', privateKey: '/k.pem', caCertificates: '/ca.pem' }
const server = (host: string, tls: ServerTls) => ({
  port: { number: 443, name: 'https', protocol: 'HTTPS' as const },
  hosts: [host],
  tls,
})
const gateway = istio('Gateway', 'edge', {
  servers: [
    { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] },
    server('simple.org', { mode: 'SIMPLE', credentialName: 'a' }),
    server('mutual.org', { mode: 'MUTUAL', credentialName: 'a' }),
    server('optional.org', { mode: 'OPTIONAL_MUTUAL', ...files }),
    server('mesh.org', { mode: 'ISTIO_MUTUAL' }),
    server('any.org', { mode: 'MUTUAL', ...files, insecureSkipVerify: true }),
    server('some.org', { mode: 'OPTIONAL_MUTUAL', credentialName: 'a', insecureSkipVerify: true }),
  ],
})
const mesh = [
  service('reviews', { ports }),
  instance('a', 'reviews', '10.1.0.1', {
    ports: { http: 9080, grpc: 9081, 'http-open': 9090 },
    managementPorts: [{ port: 3333, protocol: 'HTTP' }],
  }),
  stored('IngressRule', 'plain', { destination: { name: 'reviews' } }).resource,
  stored('IngressRule', 'secret', { destination: { name: 'reviews' }, tlsSecret: 'a.default' }).resource,
]

describe('x-forwarded-client-cert', () => {
  test('M10: a port under mutual TLS adds what it knows of its caller to what that one says', () => {
    const world = seen([mutual, ...mesh])
    expect(toldAt(world, '10.1.0.1_9080')).toEqual([ofMesh])
    expect(toldAt(world, '10.1.0.1_9081')).toEqual([ofMesh])
    const ingress = [{ port: { number: 9080, protocol: 'HTTP' as const } }]
    const narrowed = seen([mutual, ...mesh, istio('Sidecar', 'own', { ingress })])
    expect(toldAt(narrowed, '10.1.0.1_9080')).toEqual([ofMesh])
  })

  test('M10: a port that takes plain text, or is opted out, or a probe’s, lets nobody’s pass', () => {
    expect(toldAt(seen([mutual, ...mesh]), '10.1.0.1_9090')).toEqual([{}])
    expect(toldAt(seen([mutual, ...mesh]), '10.1.0.1_3333')).toEqual([{}])
    expect(toldAt(seen(mesh), '10.1.0.1_9080')).toEqual([{}])
  })

  test('Y48: a server that asks callers for certificates tells of theirs alone; of what nobody verified no names', () => {
    const world = seen([...mesh, gateway], proxyOf('router', 'default', '10.1.0.9'))
    expect(toldAt(world, '0.0.0.0_80')).toEqual([{}])
    const told = [{}, ofCaller, ofCaller, ofCaller, unverified, unverified]
    expect(toldAt(world, '0.0.0.0_443')).toEqual(told)
  })

  test('Y48: so does an ingress of a Sidecar that asks for them', () => {
    const at = (tls: ServerTls) => {
      const port = { number: 9080, protocol: 'HTTPS' as const }
      const sidecar = istio('Sidecar', 'own', { ingress: [{ port, tls: { ...files, ...tls } }] })
      return toldAt(seen([...mesh, sidecar]), '10.1.0.1_9080')
    }
    expect(at({ mode: 'SIMPLE' })).toEqual([{}])
    expect(at({ mode: 'MUTUAL' })).toEqual([ofCaller])
    expect(at({ mode: 'OPTIONAL_MUTUAL' })).toEqual([ofCaller])
    expect(at({ mode: 'OPTIONAL_MUTUAL', insecureSkipVerify: true })).toEqual([unverified])
  })

  test.each([
    ['a captured sidecar', proxyOf(), {}],
    ['a sidecar behind its explicit proxy', proxyOf(), { httpProxy: { address: '10.1.0.1', port: 15_002 } }],
    ['an ingress', proxyOf('ingress', 'default', '10.1.0.8'), {}],
    ['a router', proxyOf('router', 'default', '10.1.0.9'), {}],
  ] as const)(
    'M10: at %s it passes only where callers are asked for a certificate, and never as it came alone',
    (_, proxy, metadata: ProxyMetadata) => {
      for (const resources of [mesh, [mutual, ...mesh], [mutual, ...mesh, gateway]]) {
        const world = seen(resources, proxy, metadata)
        const managers = world.names('listeners').flatMap((name) =>
          chainsOf(world, name).flatMap(({ transport_socket, filters }) =>
            filters
              .filter(({ name: filter }) => filter === 'envoy.filters.network.http_connection_manager')
              .map(({ typed_config }) => ({
                asked: /validation_context/.test(JSON.stringify(transport_socket ?? {})),
                passes: typed_config.forward_client_cert_details,
              })),
          ),
        )
        expect(managers.length).toBeGreaterThan(0)
        for (const { asked, passes } of managers)
          if (asked) expect(passes).toMatch(/^(APPEND_FORWARD|SANITIZE_SET)$/)
          else expect(passes).toBeUndefined()
      }
    },
  )
})
