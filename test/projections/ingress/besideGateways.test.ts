import { describe, expect, test } from 'vitest'
import type { IngressRuleSpec } from '../../../src/model/ingressRule.ts'
import type { GatewayServer } from '../../../src/model/istio/gateway.ts'
import type { ServerTls } from '../../../src/model/istio/serverTls.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { reduceMesh } from '../../../src/reducers/mesh.ts'
import { applied, entriesOf, given, removed, service } from '../../reducers/given.ts'
import { stored } from '../given.ts'
import { istio, proxyOf, seen } from '../istio/following.ts'

const rule = (name: string, host: string | undefined, more: Partial<IngressRuleSpec> = {}) =>
  stored('IngressRule', name, {
    destination: { name: 'ratings' },
    ...(host && { match: { request: { headers: { authority: { exact: host } } } } }),
    ...more,
  }).resource
const web = (...hosts: string[]): GatewayServer => ({
  port: { number: 80, name: 'http', protocol: 'HTTP' },
  hosts,
})
const secure = (host: string, tls: ServerTls = { mode: 'SIMPLE', credentialName: 'own' }): GatewayServer => ({
  port: { number: 443, name: 'https', protocol: 'HTTPS' },
  hosts: [host],
  tls,
})
const gateway = (...servers: GatewayServer[]) =>
  istio('Gateway', 'edge', { selector: { app: 'edge' }, servers })
const virtual = (...hosts: string[]) =>
  istio('VirtualService', 'web', {
    gateways: ['edge'],
    hosts,
    http: [{ route: [{ destination: { host: 'reviews' } }] }],
  })

const services = [service('reviews'), service('ratings')]
const edge = { labels: { app: 'edge' } }
const at = (...resources: Resource[]) => seen([...services, ...resources], proxyOf('ingress'), edge)
type World = ReturnType<typeof seen>

/** Whose the hosts of a route configuration are, by the rule behind their first route. */
const hosts = (world: World, table: string) =>
  Object.fromEntries(
    (
      (world.json('routes', table)?.['virtual_hosts'] ?? []) as {
        name: string
        routes?: { name: string }[]
      }[]
    ).map(({ name, routes }) => [name, routes?.[0]?.name ?? '']),
  )
/** The names in TLS of a listener's chains, each with the secret shown. */
const shown = (world: World, port: number) =>
  (
    (world.json('listeners', `0.0.0.0_${port}`)?.['filter_chains'] ?? []) as {
      filter_chain_match?: { server_names?: string[] }
    }[]
  ).map((chain) => [
    chain.filter_chain_match?.server_names,
    /"(\w+\/\w+)"/.exec(JSON.stringify(chain).replaceAll('type.googleapis', ''))?.[1],
  ])

describe('an ingress that a Gateway selects', () => {
  test('I11: keeps its rules on other ports, and on the Gateway’s for every host that is not the Gateway’s', () => {
    const world = at(
      gateway(web('*')),
      virtual('a.org'),
      rule('a', 'a.org'),
      rule('b', 'b.org'),
      rule('any', undefined),
      rule('else', 'a.org', { port: 81 }),
    )
    expect(world.names('listeners')).toEqual(['0.0.0.0_80', '0.0.0.0_81'])
    expect(hosts(world, '80')).toEqual({
      '*:80': 'IngressRule/default/any',
      'a.org:80': 'VirtualService/default/web',
      'b.org:80': 'IngressRule/default/b',
    })
    expect(hosts(world, '81')).toEqual({ 'a.org:81': 'IngressRule/default/else' })
    expect(world.names('clusters')).toHaveLength(2)
  })

  test('I11: of two hosts the more specific goes first, whosever it is', () => {
    const world = at(gateway(web('*')), virtual('*'), rule('b', 'b.org'), rule('any', undefined))
    expect(hosts(world, '80')).toEqual({
      '*:80': 'VirtualService/default/web',
      'b.org:80': 'IngressRule/default/b',
    })
  })

  test('I11: without rules it listens where the Gateway’s servers say', () => {
    expect(at(gateway(secure('a.org'))).names('listeners')).toEqual(['0.0.0.0_443'])
  })

  test('I11: over TLS a host is his whose certificate is shown by its name', () => {
    const world = at(
      gateway(secure('a.org'), secure('c.org', { mode: 'MUTUAL', credentialName: 'own' })),
      virtual('c.org'),
      rule('a', 'a.org', { tlsSecret: 'a.certs' }),
      rule('b', 'b.org', { tlsSecret: 'b.certs' }),
      rule('c', 'c.org', { tlsSecret: 'c.certs' }),
      rule('any', undefined, { tlsSecret: 'any.certs' }),
    )
    expect(shown(world, 443)).toEqual([
      [['a.org'], 'default/own'],
      [['c.org'], 'default/own'],
      [['b.org'], 'certs/b'],
      [undefined, 'certs/any'],
    ])
    expect(hosts(world, '443')).toEqual({
      '*:443': 'IngressRule/default/any',
      'b.org:443': 'IngressRule/default/b',
    })
    // What goes there in plain text is sent to TLS for the hosts that are the rules' there.
    expect(Object.keys(hosts(world, '80'))).toEqual(['*:80', 'b.org:80'])
    expect(world.names('secrets')).toEqual(['certs/any', 'certs/b', 'default/own', 'default/own/ca'])
  })

  test('I11: a host of a VirtualService is the Gateway’s, also where the server’s own is wider', () => {
    const world = at(gateway(secure('*.org')), virtual('a.org'), rule('a', 'a.org', { tlsSecret: 'a.certs' }))
    expect(shown(world, 443)).toEqual([[['*.org'], 'default/own']])
    expect(hosts(world, '443')).toEqual({ 'a.org:443': 'VirtualService/default/web' })
  })

  test('I11: a port takes rules in the form that its servers take', () => {
    const plain = at(gateway(web('*')), rule('tls', 'a.org', { tlsSecret: 'a.certs', port: 80 }))
    expect(hosts(plain, '80')).toEqual({})
    expect(plain.names('secrets')).toEqual([])
    const tls = at(gateway(secure('a.org')), rule('plain', 'b.org', { port: 443 }))
    expect(hosts(tls, '443')).toEqual({})
    const connections = at(
      gateway({ port: { number: 80, name: 'tcp', protocol: 'TCP' }, hosts: ['*'] }),
      istio('VirtualService', 'tcp', {
        gateways: ['edge'],
        hosts: ['*'],
        tcp: [{ route: [{ destination: { host: 'reviews', port: { number: 9080 } } }] }],
      }),
      rule('plain', 'b.org'),
    )
    expect(connections.names('routes')).toEqual([])
  })

  test('I11: so it does where the Gateway’s servers of the port listen elsewhere', () => {
    const port = { number: 443, name: 'https', protocol: 'HTTPS', targetPort: 8443 } as const
    const world = at(
      gateway({ ...secure('a.org'), port }),
      rule('plain', 'b.org', { port: 443 }),
      rule('there', 'c.org', { port: 8443 }),
      rule('tls', 'd.org', { tlsSecret: 'd.certs' }),
    )
    expect(world.names('listeners')).toEqual(['0.0.0.0_443', '0.0.0.0_80', '0.0.0.0_8443'])
    expect(hosts(world, '443')).toEqual({ 'd.org:443': 'IngressRule/default/tls' })
    expect(world.names('routes')).toEqual(['443', '80'])
  })

  test('I11: TLS that is passed on by a name is the Gateway’s', () => {
    const world = at(
      gateway(secure('*', { mode: 'PASSTHROUGH' })),
      istio('VirtualService', 'passed', {
        gateways: ['edge'],
        hosts: ['a.org'],
        tls: [
          {
            match: [{ sniHosts: ['a.org'] }],
            route: [{ destination: { host: 'reviews', port: { number: 9080 } } }],
          },
        ],
      }),
      rule('a', 'a.org', { tlsSecret: 'a.certs' }),
    )
    expect(world.names('secrets')).toEqual([])
    expect(hosts(world, '443')).toEqual({})
  })

  test('I11: a host passes from one dialect to the other and back as rules come and go', () => {
    const start = given(...[...services, gateway(web('*')), rule('a', 'a.org')].map(applied))
    const projector = createProjector(start)
    const proxy = projector.follow(proxyOf('ingress'), edge)
    const behind = () => proxy.get('routes', '80')?.version
    const first = behind()
    const step = (...events: Parameters<typeof entriesOf>[0]) => {
      const { position } = projector.snapshot()
      return projector.advance(reduceMesh(projector.snapshot(), entriesOf(events, position + 1)))
    }
    expect(step(applied(virtual('a.org'))).get(proxy)?.routes).toEqual(['80'])
    expect(behind()).not.toBe(first)
    step(removed(virtual('a.org')))
    expect(behind()).toBe(first)
    step(removed(gateway(web('*'))))
    expect(behind()).toBe(first)
  })

  test('I11: what loses is told at the rule, of the Gateway that goes first', () => {
    const told = (own: Resource, ...resources: Resource[]) => at(own, ...resources).diagnostics(own)
    const path = '/spec/match/request/headers/authority'
    const plain = rule('a', 'a.org')
    expect(told(plain, gateway(web('*')))).toEqual([])
    expect(told(plain, gateway(web('*')), virtual('b.org'))).toEqual([])
    expect(told(plain, gateway(web('*')), virtual('a.org'))).toEqual([['RUT2127', path]])
    expect(told(plain, gateway(web('b.org')), virtual('a.org'))).toEqual([])
    const any = rule('any', undefined)
    expect(told(any, gateway(web('*')), virtual('*'))).toEqual([['RUT2127', '/spec']])
    const tls = rule('tls', 'a.org', { tlsSecret: 'a.certs' })
    expect(told(tls, gateway(secure('a.org')))).toEqual([['RUT2127', path]])
    expect(told(tls, gateway(secure('*')))).toEqual([])
    const ingress = (host: string): Resource<'Ingress'> => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'k', namespace: 'default' },
      spec: {
        defaultBackend: { service: { name: 'ratings', port: { number: 9080 } } },
        rules: [
          {
            host,
            http: {
              paths: ['/a', '/b'].map((path) => ({
                path,
                pathType: 'Prefix',
                backend: { service: { name: 'ratings', port: { number: 9080 } } },
              })),
            },
          },
        ],
      },
    })
    expect(told(ingress('a.org'), gateway(web('*')), virtual('a.org'))).toEqual([
      ['RUT2127', '/spec/rules/0'],
    ])
    expect(told(ingress('b.org'), gateway(web('*')), virtual('*'))).toEqual([
      ['RUT2127', '/spec/defaultBackend'],
    ])
  })
})
