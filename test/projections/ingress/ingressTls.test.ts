import { describe, expect, test } from 'vitest'
import type { IngressRuleSpec } from '../../../src/model/ingressRule.ts'
import type { ProxyIdentity, ProxyMetadata } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { SecretCheck } from '../../../src/model/secret.ts'
import type { XdsType } from '../../../src/model/xds.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { certificatesOf } from '../../../src/projections/ingress/serverNames.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { showResource } from '../../../src/projections/showResource.ts'
import { applied, given, service } from '../../reducers/given.ts'
import { stored } from '../given.ts'

const rule = (
  name: string,
  host: string | undefined,
  spec: Partial<IngressRuleSpec> = {},
): Resource<'IngressRule'> =>
  stored('IngressRule', name, {
    destination: { name: 'reviews' },
    ...(host === undefined ? {} : { match: { request: { headers: { authority: { exact: host } } } } }),
    ...spec,
  }).resource

const gate: ProxyIdentity = {
  type: 'ingress',
  node: 'ingress~10.1.0.9~gate.default~default.svc.cluster.local',
  ip: '10.1.0.9',
  id: 'gate.default',
  domain: 'default.svc.cluster.local',
}

type Listener = {
  listener_filters?: { name: string }[]
  filter_chains: {
    filter_chain_match?: { server_names?: string[]; transport_protocol: string }
    transport_socket?: { typed_config: { common_tls_context: unknown } }
  }[]
}
type Host = { name: string; domains: string[]; routes: Record<string, unknown>[] }

const project = (
  rules: readonly Resource[],
  { metadata = {}, check }: { metadata?: ProxyMetadata; check?: SecretCheck } = {},
) => {
  const projector = createProjector(given(applied(service('reviews')), ...rules.map(applied)), {
    secretProblem: check,
  })
  const proxy = projector.follow(gate, metadata)
  const show = (type: XdsType, name: string): unknown => {
    const resource = proxy.get(type, name)
    return resource && showResource(type, resource)
  }
  return {
    registry: projector.registry(),
    names: (type: XdsType) => [...proxy.names(type)].sort(),
    listener: (port: number) => show('listeners', `0.0.0.0_${port}`) as Listener,
    hosts: (port: number) =>
      ((show('routes', `${port}`) as { virtual_hosts?: Host[] })?.virtual_hosts ?? []) as Host[],
  }
}

const shop = rule('shop', 'shop.example', { tlsSecret: 'shop-cert.edge' })

describe('TLS of an ingress', () => {
  test('T1: a rule with a secret is on port 443, or its own, over TLS and not in plain text', () => {
    const { listener, names, hosts } = project([
      shop,
      rule('b', 'b.example', { tlsSecret: 'b.default', port: 8443 }),
    ])
    expect(names('listeners')).toEqual(['0.0.0.0_443', '0.0.0.0_80', '0.0.0.0_8443'])
    expect(hosts(443)).toMatchObject([{ name: 'shop.example:443' }])
    for (const port of [443, 8443])
      for (const { filter_chain_match, transport_socket } of listener(port).filter_chains) {
        expect(filter_chain_match?.transport_protocol).toBe('tls')
        expect(transport_socket).toBeDefined()
      }
    expect(JSON.stringify(hosts(80))).not.toContain('outbound|')
  })

  test('T2: callers who ask for a server are shown the certificate of its rule; the names of secrets are the proxy’s', () => {
    const { listener, names } = project([
      shop,
      rule('eu', '*.shop.example', { tlsSecret: 'shop-cert.edge' }),
      rule('other', 'other.example', { tlsSecret: 'other.default' }),
      rule('rest', undefined, { tlsSecret: 'rest.default' }),
    ])
    const { filter_chains, listener_filters } = listener(443)
    expect(listener_filters?.map(({ name }) => name)).toEqual(['envoy.filters.listener.tls_inspector'])
    expect(
      filter_chains.map(({ filter_chain_match, transport_socket }) => [
        filter_chain_match?.server_names,
        JSON.stringify(transport_socket?.typed_config.common_tls_context).match(/"name":"([^"]+)"/)?.[1],
      ]),
    ).toEqual([
      [['*.shop.example', 'shop.example'], 'edge/shop-cert'],
      [['other.example'], 'default/other'],
      [undefined, 'default/rest'],
    ])
    expect(names('secrets')).toEqual(['default/other', 'default/rest', 'edge/shop-cert'])
  })

  test('T2: hosts that TLS has no way to ask for widen to what it has', () => {
    const secrets = new Map([
      ['*-eu.shop.example', 'a'],
      ['10.0.0.1', 'b'],
      ['[fd00::1]', 'c'],
      ['*', ''],
    ])
    expect(certificatesOf(secrets)).toEqual([
      { secret: 'a', serverNames: ['*.shop.example'] },
      { secret: 'b', serverNames: [] },
    ])
  })

  test('T3: requests in plain text for what is there over TLS alone are sent to it', () => {
    const redirects = (at?: ProxyMetadata['httpProxy'], ...rules: readonly Resource[]) =>
      project([shop, ...rules], at && { metadata: { httpProxy: at } })
        .hosts(80)
        .flatMap(({ routes }) => routes.map(({ redirect, route }) => redirect ?? route))
    expect(redirects()).toEqual([{ scheme_redirect: 'https' }])
    expect(redirects({ address: '127.0.9.1', port: 15_080 })).toEqual([
      { scheme_redirect: 'https', host_redirect: 'shop.example' },
    ])
    const wild = rule('wild', '*.example', { tlsSecret: 'wild.edge' })
    expect(redirects({ address: '127.0.9.1', port: 15_080 }, wild)).toContainEqual({
      scheme_redirect: 'https',
      port_redirect: 443,
    })
    const plain = rule('plain', 'shop.example', { precedence: 1 })
    expect(redirects(undefined, plain)).toMatchObject([{ cluster: expect.stringContaining('reviews') }])
  })

  test('T4: a secret that is missing, useless or out of date is told, and one that another rule takes the place of', () => {
    const codes = (one: Resource<'IngressRule'>, check?: SecretCheck, ...others: readonly Resource[]) =>
      diagnosticsOf(one, project([one, ...others], check && { check }).registry).map(
        ({ code, severity, path }) => [code, severity, path],
      )
    expect(codes(shop)).toEqual([])
    const asked: string[] = []
    const missing: SecretCheck = (name) => {
      asked.push(name)
      return { kind: 'missing', message: 'gone' }
    }
    expect(codes(shop, missing)).toEqual([['RUT2051', 'error', '/spec/tlsSecret']])
    expect(asked).toEqual(['edge/shop-cert'])
    expect(codes(shop, () => ({ kind: 'expired', message: 'old' }))).toEqual([
      ['RUT2054', 'warning', '/spec/tlsSecret'],
    ])
    expect(codes(shop, () => ({ kind: 'unseen', message: 'elsewhere' }))).toEqual([
      ['RUT2057', 'info', '/spec/tlsSecret'],
    ])
    const second = rule('zz', 'shop.example', {
      tlsSecret: 'second.edge',
      match: { request: { headers: { authority: { exact: 'shop.example' }, 'x-a': { exact: 'b' } } } },
      precedence: -1,
    })
    expect(codes(second, undefined, shop)).toContainEqual(['RUT2055', 'warning', '/spec/tlsSecret'])
    expect(codes(rule('p', 'plain.example', { port: 443 }), undefined, shop)).toEqual([
      ['RUT2056', 'warning', '/spec/port'],
    ])
  })
})
