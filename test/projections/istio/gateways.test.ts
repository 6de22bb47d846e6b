import { describe, expect, test } from 'vitest'
import type { GatewayServer } from '../../../src/model/istio/gateway.ts'
import type { ServerTls } from '../../../src/model/istio/serverTls.ts'
import type { VirtualServiceSpec } from '../../../src/model/istio/virtualService.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { applied, given, service } from '../../reducers/given.ts'
import { stored } from '../given.ts'
import { istio, proxyOf, seen, virtualHost } from './following.ts'

const gateway = (
  servers: readonly GatewayServer[],
  name = 'edge',
  namespace = 'default',
  selector: Record<string, string> = { app: 'edge' },
) => istio('Gateway', name, { selector, servers }, namespace)
const virtual = (name: string, spec: Partial<VirtualServiceSpec>, namespace = 'default') =>
  istio('VirtualService', name, { gateways: ['edge'], ...spec }, namespace)

const web = (hosts: readonly string[], more: Partial<GatewayServer> = {}): GatewayServer => ({
  port: { number: 80, name: 'http', protocol: 'HTTP' },
  hosts,
  ...more,
})
const secure = (hosts: readonly string[], tls: ServerTls, number = 443): GatewayServer => ({
  port: { number, name: `https-${number}`, protocol: 'HTTPS' },
  hosts,
  tls,
})
const to = (host: string) => [{ route: [{ destination: { host } }] }]

/** What a router with the label `app: edge` in namespace `edges` gets. */
const atEdge = (
  resources: readonly Resource[],
  type: 'router' | 'ingress' = 'router',
  labels: Record<string, string> = { app: 'edge' },
) => seen([service('reviews'), service('ratings'), ...resources], proxyOf(type, 'edges'), { labels })

type Chain = {
  filter_chain_match?: { server_names?: string[]; transport_protocol?: string }
  transport_socket?: { typed_config: Record<string, unknown> }
  filters: readonly {
    typed_config: { rds?: { route_config_name: string }; cluster?: string; weighted_clusters?: unknown }
  }[]
}
const chains = (world: ReturnType<typeof seen>, port: number): readonly Chain[] =>
  (world.json('listeners', `0.0.0.0_${port}`)?.['filter_chains'] ?? []) as readonly Chain[]
const table = (chain: Chain | undefined) => chain?.filters[0]?.typed_config.rds?.route_config_name
const rulesOf = (world: ReturnType<typeof seen>, name: string, at = '80') =>
  virtualHost(world, name, at)?.routes.map(({ name: route }) => route)

describe('Gateway', () => {
  test('Y19: it selects proxies at the edge by their labels, in whatever namespace; a router binds its servers and nothing else', () => {
    const resources = [
      gateway([web(['a.org'])]),
      virtual('a', { hosts: ['a.org'], http: to('reviews') }),
      stored('IngressRule', 'in', { destination: { name: 'ratings' }, port: 81 }).resource,
    ]
    const world = atEdge(resources)
    expect(world.names('listeners')).toEqual(['0.0.0.0_80'])
    expect(world.names('clusters')).toEqual(['outbound|9080||reviews.default.svc.cluster.local'])
    expect(atEdge(resources, 'ingress').names('listeners')).toEqual(['0.0.0.0_80', '0.0.0.0_81'])
    expect(atEdge(resources, 'ingress', {}).names('listeners')).toEqual(['0.0.0.0_80', '0.0.0.0_81'])
    expect(atEdge(resources, 'router', {}).names('listeners')).toEqual(['0.0.0.0_9080'])
    const all = gateway([web(['a.org'], { bind: '10.0.0.9' })], 'all', 'default', {})
    expect(atEdge([all], 'router', {}).names('listeners')).toEqual(['10.0.0.9_80'])
    expect(
      seen([...resources, all], proxyOf(), { labels: { app: 'edge' } }).names('listeners'),
    ).not.toContain('10.0.0.9_80')
  })

  test('Y19: a server listens on its targetPort, and is its number to rules and routes', () => {
    const world = atEdge([
      gateway([web(['*'], { port: { number: 80, name: 'http', protocol: 'HTTP', targetPort: 8080 } })]),
      virtual('a', { hosts: ['a.org'], http: [{ match: [{ port: 80 }], ...to('reviews')[0] }] }),
    ])
    expect(world.names('listeners')).toEqual(['0.0.0.0_8080'])
    expect(chains(world, 8080).map(table)).toEqual(['80'])
    expect(rulesOf(world, 'a.org:80')).toEqual(['VirtualService/default/a'])
  })

  test('Y20: a host is that which server and rule both mean, the more specific of the two', () => {
    const world = atEdge([
      gateway([web(['*.org', 'x.com'])]),
      virtual('a', { hosts: ['a.org', 'b.net'], http: to('reviews') }),
      virtual('wide', { hosts: ['*'], http: to('ratings') }),
    ])
    const hosts = (world.json('routes', '80')?.['virtual_hosts'] ?? []) as {
      name: string
      domains: string[]
    }[]
    expect(hosts.map(({ name }) => name)).toEqual(['*.org:80', 'a.org:80', 'x.com:80'])
    expect(hosts[1]?.domains).toEqual(['a.org', 'a.org:80', 'a.org:*'])
    expect(rulesOf(world, 'x.com:80')).toEqual(['VirtualService/default/wide'])
    // What the nearer rule takes is its own; there is no more to ask of the wider.
    expect(rulesOf(world, 'a.org:80')).toEqual(['VirtualService/default/a'])
  })

  test('Y20: rules of one host are tried by key, each at the Gateways that it is bound to', () => {
    const some = (name: string, prefix: string, more: Partial<VirtualServiceSpec> = {}) =>
      virtual(name, {
        hosts: ['a.org'],
        http: [{ match: [{ uri: { prefix } }], ...to('reviews')[0] }],
        ...more,
      })
    const world = atEdge([
      gateway([web(['a.org'])]),
      gateway([web(['a.org'])], 'second'),
      some('b', '/b', { gateways: ['second'] }),
      some('a', '/a', { gateways: ['edge', 'default/second'] }),
      some('c', '/c', { gateways: ['mesh'] }),
      some('d', '/d', { gateways: ['absent'] }),
    ])
    expect(rulesOf(world, 'a.org:80')).toEqual(['VirtualService/default/a', 'VirtualService/default/b'])
  })

  test('Y20: a host of a server may be for rules of one namespace alone, and exportTo for proxies of some', () => {
    const servers = [web(['default/a.org', './b.org', 'other/c.org'])]
    const hosts = { hosts: ['a.org', 'b.org', 'c.org'], http: to('reviews.default.svc.cluster.local') }
    const seenHosts = (...resources: Resource[]) =>
      (
        (atEdge([gateway(servers), ...resources]).json('routes', '80')?.['virtual_hosts'] ?? []) as {
          name: string
        }[]
      ).map(({ name }) => name)
    expect(seenHosts(virtual('own', hosts))).toEqual(['a.org:80', 'b.org:80'])
    expect(seenHosts(virtual('own', { ...hosts, gateways: ['default/edge'] }, 'other'))).toEqual(['c.org:80'])
    expect(seenHosts(virtual('own', { ...hosts, exportTo: ['.'] }))).toEqual([])
    expect(seenHosts(virtual('own', { ...hosts, exportTo: ['edges'] }))).toHaveLength(2)
  })

  test('Y20: conditions on port and Gateway hold or not; a server without rules answers 404', () => {
    const ports = [web(['*']), web(['*'], { port: { number: 8080, name: 'more', protocol: 'HTTP2' } })]
    const route = (match: object) => ({ match: [match], ...to('reviews')[0] })
    const world = atEdge([
      gateway(ports),
      virtual('a', {
        hosts: ['a.org'],
        http: [route({ port: 8080, name: 'eight' }), route({ gateways: ['other'], name: 'never' })],
      }),
    ])
    expect(virtualHost(world, 'a.org:80', '80')).toBeUndefined()
    expect(rulesOf(world, 'a.org:8080', '8080')).toEqual(['VirtualService/default/a/eight'])
    expect(world.json('routes', '80')).toEqual({ name: '80' })
  })

  test('Y21: a server that ends TLS shows the certificate of the proxies’ namespace, by the names that it has', () => {
    const world = atEdge([
      gateway([
        secure(['a.org', '*.b.org'], { mode: 'SIMPLE', credentialName: 'ab' }),
        secure(['c.org'], {
          mode: 'SIMPLE',
          credentialNames: ['rsa', 'ecdsa'],
          minProtocolVersion: 'TLSV1_2',
          maxProtocolVersion: 'TLSV1_3',
          cipherSuites: ['ECDHE-RSA-AES128-GCM-SHA256', 'NONE'],
        }),
        secure(['*'], { mode: 'SIMPLE', serverCertificate: '/c.pem', privateKey: '/k.pem' }),
      ]),
      virtual('a', { hosts: ['*'], http: to('reviews') }),
    ])
    const [ab, c, any] = chains(world, 443)
    expect(ab?.filter_chain_match).toEqual({ transport_protocol: 'tls', server_names: ['a.org', '*.b.org'] })
    expect(any?.filter_chain_match).toEqual({ transport_protocol: 'tls' })
    expect(JSON.stringify(ab?.transport_socket)).toContain('"edges/ab"')
    expect(c?.transport_socket?.typed_config).toMatchObject({
      common_tls_context: {
        tls_certificate_sds_secret_configs: [{ name: 'edges/rsa' }, { name: 'edges/ecdsa' }],
        tls_params: {
          tls_minimum_protocol_version: 'TLSv1_2',
          tls_maximum_protocol_version: 'TLSv1_3',
          cipher_suites: ['ECDHE-RSA-AES128-GCM-SHA256'],
        },
      },
    })
    expect(JSON.stringify(any?.transport_socket)).toContain('"/c.pem"')
    expect(world.names('secrets')).toEqual(['edges/ab', 'edges/ecdsa', 'edges/rsa'])
    expect([ab, c, any].map(table)).toEqual(['443', '443', '443'])
  })

  test('Y21: who asks callers for certificates has routes of its own, that no other server’s name leads to', () => {
    const world = atEdge([
      gateway([
        secure(['a.org'], { mode: 'SIMPLE', credentialName: 'a' }),
        secure(['b.org'], { mode: 'MUTUAL', credentialName: 'b', subjectAltNames: ['client.org'] }),
        secure(['c.org'], { mode: 'OPTIONAL_MUTUAL', credentialName: 'c' }),
        secure(['d.org'], { mode: 'ISTIO_MUTUAL' }),
        secure(['e.org'], {
          mode: 'MUTUAL',
          serverCertificate: '/c.pem',
          privateKey: '/k.pem',
          caCertificates: '/ca.pem',
        }),
      ]),
      virtual('b', { hosts: ['a.org', 'b.org'], http: to('reviews') }),
    ])
    const made = chains(world, 443)
    expect(made.map(table)).toEqual([
      '443',
      '443/default/edge/1',
      '443/default/edge/2',
      '443/default/edge/3',
      '443/default/edge/4',
    ])
    expect(rulesOf(world, 'b.org:443', '443')).toBeUndefined()
    expect(rulesOf(world, 'b.org:443', '443/default/edge/1')).toHaveLength(1)
    const asked = made.map(
      ({ transport_socket }) => transport_socket?.typed_config['require_client_certificate'],
    )
    expect(asked).toEqual([undefined, true, undefined, true, true])
    expect(JSON.stringify(made[1]?.transport_socket)).toMatch(/client\.org.*edges\/b\/ca/)
    expect(JSON.stringify(made[2]?.transport_socket)).toContain('edges/c/ca')
    expect(JSON.stringify(made[4]?.transport_socket)).toContain('/ca.pem')
  })

  test('Y21: httpsRedirect sends what comes in plain text to TLS, for hosts without rules too', () => {
    const world = atEdge([
      gateway([web(['a.org', 'b.org'], { tls: { httpsRedirect: true } }), web(['c.org'])]),
      virtual('a', { hosts: ['a.org', 'c.org'], http: to('reviews') }),
    ])
    const required = ['a.org', 'b.org', 'c.org'].map(
      (host) => (virtualHost(world, `${host}:80`, '80') as { require_tls?: string } | undefined)?.require_tls,
    )
    expect(required).toEqual(['ALL', 'ALL', undefined])
  })

  test('Y31: what no rule takes goes to the endpoint of the server, requests and connections', () => {
    const world = atEdge([
      gateway([
        web(['*.org'], { defaultEndpoint: '127.0.0.1:9000' }),
        secure(['a.net'], { mode: 'PASSTHROUGH' }),
        {
          ...secure(['b.net'], { mode: 'PASSTHROUGH' }),
          defaultEndpoint: 'unix:///run/b',
        },
        {
          port: { number: 31_400, name: 'tcp', protocol: 'TCP' },
          hosts: ['*'],
          defaultEndpoint: '[::1]:9001',
        },
      ]),
      virtual('a', {
        hosts: ['a.org'],
        http: [{ match: [{ uri: { prefix: '/a' } }], ...to('reviews')[0] }],
      }),
      virtual('all', { hosts: ['b.org'], http: to('reviews') }),
    ])
    expect(rulesOf(world, '*.org:80')).toEqual(['Gateway/default/edge'])
    expect(rulesOf(world, 'a.org:80')).toEqual(['VirtualService/default/a', 'Gateway/default/edge'])
    expect(rulesOf(world, 'b.org:80')).toEqual(['VirtualService/default/all'])
    expect(chains(world, 443)).toMatchObject([
      {
        filter_chain_match: { server_names: ['b.net'] },
        filters: [{ typed_config: { cluster: 'inbound|443||unix:///run/b' } }],
      },
    ])
    expect(chains(world, 31_400)[0]?.filters[0]?.typed_config.cluster).toBe('inbound|31400||[::1]:9001')
    const placeOf = (name: string) =>
      JSON.stringify(world.json('clusters', name)?.['load_assignment']).match(/"address":(\{.*?\})/)?.[1]
    expect(placeOf('inbound|80||127.0.0.1:9000')).toBe(
      '{"socket_address":{"address":"127.0.0.1","port_value":9000}',
    )
    expect(JSON.stringify(world.json('clusters', 'inbound|443||unix:///run/b'))).toContain('"/run/b"')
    expect(world.names('clusters')).toHaveLength(4)
  })

  test('Y22: connections go by tcp routes, TLS that is passed on by the name asked for, by their weights', () => {
    const weighted = [
      { destination: { host: 'reviews', port: { number: 9080 } }, weight: 3 },
      { destination: { host: 'ratings', port: { number: 9080 } }, weight: 1 },
    ]
    const world = atEdge([
      gateway([
        { port: { number: 31_400, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] },
        {
          port: { number: 443, name: 'tls', protocol: 'TLS' },
          hosts: ['*.org'],
          tls: { mode: 'PASSTHROUGH' },
        },
        {
          port: { number: 444, name: 'ended', protocol: 'TLS' },
          hosts: ['*.org'],
          tls: { mode: 'SIMPLE', credentialName: 'x' },
        },
      ]),
      virtual('a', {
        hosts: ['a.org'],
        tcp: [
          { match: [{ port: 31_400 }, { port: 444 }], route: weighted },
          { match: [{ port: 444 }], route: weighted.slice(1) },
        ],
        tls: [{ match: [{ port: 443, sniHosts: ['a.org'] }], route: weighted.slice(0, 1) }],
      }),
      virtual('elsewhere', {
        hosts: ['b.net'],
        tls: [{ match: [{ sniHosts: ['b.net'] }], route: weighted }],
      }),
    ])
    expect(chains(world, 31_400)[0]?.filters[0]?.typed_config.weighted_clusters).toEqual({
      clusters: [
        { name: 'outbound|9080||reviews.default.svc.cluster.local', weight: 3 },
        { name: 'outbound|9080||ratings.default.svc.cluster.local', weight: 1 },
      ],
    })
    expect(chains(world, 443)).toHaveLength(1)
    expect(chains(world, 443)[0]).toMatchObject({
      filter_chain_match: { server_names: ['a.org'] },
      filters: [{ typed_config: { cluster: 'outbound|9080||reviews.default.svc.cluster.local' } }],
    })
    expect(chains(world, 444)).toMatchObject([
      { filter_chain_match: { transport_protocol: 'tls', server_names: ['*.org'] }, transport_socket: {} },
    ])
  })

  test('Y21: where none of the certificates that callers are held to can be read, nobody is let in', () => {
    const good = 'ab'.repeat(32)
    const heldTo = (tls: ServerTls) =>
      JSON.stringify(
        chains(atEdge([gateway([secure(['a.org'], { mode: 'MUTUAL', credentialName: 'a', ...tls })])]), 443),
      ).match(/"verify_certificate_hash":\[[^\]]*\]/)?.[0]
    const nobody = `"verify_certificate_hash":["${'0'.repeat(64)}"]`
    expect(heldTo({ verifyCertificateHash: ['x'] })).toBe(nobody)
    expect(heldTo({ verifyCertificateSpki: ['x'] })).toBe(nobody)
    expect(heldTo({ verifyCertificateHash: ['x', good] })).toBe(`"verify_certificate_hash":["${good}"]`)
    expect(heldTo({})).toBeUndefined()
  })

  test('Y11: what of a Gateway, and of a rule’s bond to it, has no effect is told', () => {
    const told = (servers: readonly GatewayServer[], ...more: Resource[]) => {
      const own = gateway(servers)
      return atEdge([own, ...more]).diagnostics(own)
    }
    expect(told([web(['*']), secure(['*'], { mode: 'SIMPLE', credentialName: 'a' })])).toEqual([])
    expect(
      told([
        web(['*'], { port: { number: 80, name: 'a', protocol: 'UDP' } }),
        secure(['*'], { mode: 'AUTO_PASSTHROUGH' }),
        secure(['*'], { mode: 'SIMPLE' }),
        secure(['*'], { mode: 'MUTUAL', serverCertificate: '/a', privateKey: '/b' }),
        secure(['a.org'], {
          mode: 'MUTUAL',
          credentialName: 'a',
          cipherSuites: ['x'],
          verifyCertificateSpki: ['x'],
          verifyCertificateHash: ['x'],
        }),
        secure(['a.org'], { mode: 'SIMPLE', credentialName: 'a' }),
      ]),
    ).toEqual([
      ['RUT2011', '/spec/servers/0/port/protocol'],
      ['RUT2011', '/spec/servers/1/tls/mode'],
      ['RUT2125', '/spec/servers/2/tls'],
      ['RUT2125', '/spec/servers/3/tls'],
      ['RUT2011', '/spec/servers/4/tls/cipherSuites/0'],
      ['RUT2011', '/spec/servers/4/tls/verifyCertificateSpki/0'],
      ['RUT2011', '/spec/servers/4/tls/verifyCertificateHash/0'],
      ['RUT2126', '/spec/servers/5/hosts/0'],
    ])
    const automatic = gateway([secure(['*'], { mode: 'AUTO_PASSTHROUGH' })])
    expect(atEdge([automatic]).messages(automatic).join()).toMatch(
      /PASSTHROUGH, and .* tls routes .* sniHosts/,
    )
    expect(
      told([
        secure(['a.org'], { mode: 'MUTUAL', credentialName: 'a', caCrl: '/crl', caCertificates: '/ca' }),
        secure(['b.org'], { mode: 'SIMPLE', credentialName: 'a', subjectAltNames: ['x'] }),
        secure(['c.org'], { mode: 'PASSTHROUGH', credentialName: 'a', cipherSuites: [] }),
        secure(['d.org'], { mode: 'ISTIO_MUTUAL', caCertificates: '/ca' }),
        secure(['e.org'], {
          mode: 'SIMPLE',
          credentialName: 'a',
          credentialNames: ['b'],
          httpsRedirect: true,
        }),
      ]),
    ).toEqual([
      ['RUT2011', '/spec/servers/0/tls/caCertificates'],
      ['RUT2011', '/spec/servers/0/tls/caCrl'],
      ['RUT2011', '/spec/servers/1/tls/subjectAltNames'],
      ['RUT2011', '/spec/servers/2/tls/credentialName'],
      ['RUT2011', '/spec/servers/2/tls/cipherSuites'],
      ['RUT2011', '/spec/servers/3/tls/caCertificates'],
      ['RUT2011', '/spec/servers/4/tls/httpsRedirect'],
      ['RUT2011', '/spec/servers/4/tls/credentialNames'],
    ])
    const file = { serverCertificate: '/c', privateKey: '/k', caCertificates: '/ca' }
    expect(
      told([
        secure(['a.org'], {
          mode: 'SIMPLE',
          tlsCertificates: [file],
          caCertCredentialName: 'a',
          insecureSkipVerify: true,
          ecdhCurves: ['P-256', 'P-224'],
        }),
        secure(['b.org'], {
          mode: 'MUTUAL',
          tlsCertificates: [file, { ...file, caCertificates: '/other' }],
          subjectAltNames: ['x'],
          insecureSkipVerify: true,
        }),
        secure(['c.org'], { mode: 'ISTIO_MUTUAL', alpnProtocols: ['h2'], cipherSuites: [] }),
        secure(['d.org'], { mode: 'PASSTHROUGH', ecdhCurves: ['P-256'], insecureSkipVerify: false }),
        secure(['e.org'], { mode: 'MUTUAL', ...file, caCertCredentialName: 'a' }),
      ]),
    ).toEqual([
      ['RUT2011', '/spec/servers/0/tls/ecdhCurves/1'],
      ['RUT2011', '/spec/servers/0/tls/caCertCredentialName'],
      ['RUT2011', '/spec/servers/0/tls/insecureSkipVerify'],
      ['RUT2011', '/spec/servers/0/tls/tlsCertificates/0/caCertificates'],
      ['RUT2011', '/spec/servers/1/tls/subjectAltNames'],
      ['RUT2011', '/spec/servers/1/tls/tlsCertificates/1/caCertificates'],
      ['RUT2011', '/spec/servers/2/tls/cipherSuites'],
      ['RUT2011', '/spec/servers/2/tls/alpnProtocols'],
      ['RUT2011', '/spec/servers/3/tls/ecdhCurves'],
      ['RUT2011', '/spec/servers/4/tls/caCertificates'],
    ])
    const rule = virtual('a', {
      gateways: ['edge', 'absent'],
      hosts: ['a.org', 'b.net'],
      http: to('reviews'),
    })
    expect(atEdge([gateway([web(['*.org'])]), rule]).diagnostics(rule)).toEqual([
      ['RUT2121', '/spec/gateways/1'],
      ['RUT2122', '/spec/hosts/1'],
    ])
  })

  test('T4: secrets of its servers are looked for in its own namespace, each for what is asked of it', () => {
    const asked: string[] = []
    const secretProblem = (name: string) => {
      asked.push(name)
      return { kind: 'missing', message: name.endsWith('/ca') ? 'no authorities' : 'no secret' } as const
    }
    const own = gateway([
      secure(['a.org'], { mode: 'SIMPLE', credentialName: 'a' }),
      secure(['b.org'], { mode: 'MUTUAL', credentialNames: ['b', 'c'] }),
      secure(['d.org'], { mode: 'MUTUAL', credentialName: 'd', caCertCredentialName: 'e' }),
    ])
    const projector = createProjector(given(applied(own)), { secretProblem })
    expect(
      diagnosticsOf(own, projector.registry()).map(({ code, path, message }) => [
        code,
        path?.replace('/spec/servers/', ''),
        message.split(': ').at(-1),
      ]),
    ).toEqual([
      ['RUT2057', '0/tls/credentialName', 'no secret.'],
      ['RUT2057', '1/tls/credentialNames', 'no secret.'],
      ['RUT2057', '1/tls/credentialNames', 'no authorities.'],
      ['RUT2057', '2/tls/credentialName', 'no secret.'],
      ['RUT2057', '2/tls/caCertCredentialName', 'no authorities.'],
    ])
    const names = ['a', 'b', 'c', 'b/ca', 'd', 'e/ca'].map((name) => `default/${name}`)
    expect(asked).toEqual(names)
  })
})
