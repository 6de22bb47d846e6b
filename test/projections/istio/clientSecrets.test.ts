import { describe, expect, test } from 'vitest'
import type { ClientTls, DestinationRuleSpec } from '../../../src/model/istio/destinationRule.ts'
import type { ProxyIdentity } from '../../../src/model/proxy.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { SecretProblem } from '../../../src/model/secret.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { applied, given, instance, service } from '../../reducers/given.ts'
import { istio, proxyOf, seen } from './following.ts'

const host = 'bank.default.svc.cluster.local'
const cluster = `outbound|9080||${host}`
const mesh: readonly Resource[] = [
  service('bank'),
  service('shop'),
  instance('bank-1', 'bank', '10.2.0.1'),
  instance('shop-1', 'shop', '10.1.0.1', { labels: { app: 'shop' } }),
  istio('Gateway', 'edge', {
    servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['bank.example'] }],
  }),
  istio('VirtualService', 'edge', {
    gateways: ['edge'],
    hosts: ['bank.example'],
    http: [{ route: [{ destination: { host, port: { number: 9080 } } }] }],
  }),
]
const simple: ClientTls = { mode: 'SIMPLE', credentialName: 'bank' }
const mutual: ClientTls = { mode: 'MUTUAL', credentialName: 'bank' }
const ofShop = { workloadSelector: { matchLabels: { app: 'shop' } } }
const rule = (tls: ClientTls, more: Partial<DestinationRuleSpec> = ofShop) =>
  istio('DestinationRule', 'bank', { host, trafficPolicy: { tls }, ...more })

type Cluster = {
  readonly type?: string
  readonly load_assignment?: unknown
  readonly transport_socket?: { readonly typed_config: { readonly common_tls_context: unknown } }
}

/** The cluster of the bank, and the secrets, that a proxy gets by `resources` beside the mesh. */
const gotBy = (resources: readonly Resource[], identity?: ProxyIdentity) => {
  const world = seen([...mesh, ...resources], identity)
  const json = world.json('clusters', cluster) as Cluster | undefined
  return {
    json,
    tls: json?.transport_socket?.typed_config.common_tls_context,
    secrets: world.names('secrets'),
    endpoints: world.names('endpoints').includes(cluster),
  }
}
const overAds = (name: string) => ({ name, sds_config: { ads: {}, resource_api_version: 'V3' } })
const expected = (exact: string) => ({
  match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact } }],
})

describe('secrets of TLS to services', () => {
  test('Y45: SIMPLE verifies by the authorities of a secret, MUTUAL shows its certificate too', () => {
    const verified = { validation_context_sds_secret_config: overAds('default/bank/ca') }
    expect(gotBy([rule(simple)])).toMatchObject({ tls: verified, secrets: ['default/bank/ca'] })
    expect(gotBy([rule({ ...mutual, sni: 'bank.org' })])).toMatchObject({
      tls: {
        tls_certificate_sds_secret_configs: [overAds('default/bank')],
        combined_validation_context: { default_validation_context: expected('bank.org'), ...verified },
      },
      secrets: ['default/bank', 'default/bank/ca'],
    })
    expect(JSON.stringify(gotBy([rule(simple)]).json)).toContain('"auto_san_validation":true')
  })

  test('Y45: caCertCredentialName has authorities apart, insecureSkipVerify needs none', () => {
    const apart = { caCertCredentialName: 'roots' }
    expect(gotBy([rule({ ...mutual, ...apart })]).secrets).toEqual(['default/bank', 'default/roots/ca'])
    expect(gotBy([rule({ mode: 'SIMPLE', ...apart })]).secrets).toEqual(['default/roots/ca'])
    const files = { clientCertificate: '/c.pem', privateKey: '/k.pem' }
    expect(gotBy([rule({ mode: 'MUTUAL', ...files, ...apart })])).toMatchObject({
      tls: { tls_certificates: [{ private_key: { filename: '/k.pem' } }] },
      secrets: ['default/roots/ca'],
    })
    const unverified = gotBy([rule({ ...mutual, insecureSkipVerify: true })])
    expect(unverified.secrets).toEqual(['default/bank'])
    expect(JSON.stringify(unverified.tls)).not.toContain('validation')
  })

  test('Y45: files beside a secret, and secrets of no use, are not asked for', () => {
    const files = { clientCertificate: '/c.pem', privateKey: '/k.pem', caCertificates: '/ca.pem' }
    expect(JSON.stringify(gotBy([rule({ ...mutual, ...files, caCrl: '/crl.pem' })]).tls)).not.toContain(
      '.pem',
    )
    for (const tls of [{ mode: 'DISABLE' }, {}, { mode: 'SIMPLE', insecureSkipVerify: true }] as const)
      expect(gotBy([rule({ ...tls, credentialName: 'bank' })]).secrets).toEqual([])
  })

  test('Y45: a sidecar gets them by a rule that selects it, of its own namespace', () => {
    const other = proxyOf('sidecar', 'default', '10.9.9.9')
    expect(gotBy([rule(mutual)], other)).toMatchObject({ secrets: [], tls: undefined, endpoints: true })
    expect(gotBy([rule(mutual)], proxyOf('sidecar', 'elsewhere')).secrets).toEqual([])
  })

  test('Y45: a sidecar connects to nobody by a rule that does not say whom it means', () => {
    for (const tls of [simple, mutual, { mode: 'SIMPLE', caCertCredentialName: 'roots' }] as const) {
      const { json, secrets, endpoints } = gotBy([rule(tls, {})])
      expect(json).toMatchObject({ type: 'STATIC', load_assignment: { cluster_name: cluster } })
      expect(json).not.toHaveProperty('load_assignment.endpoints')
      expect(json).not.toHaveProperty('transport_socket')
      expect({ secrets, endpoints }).toEqual({ secrets: [], endpoints: false })
    }
  })

  test('P34: of a policy beyond Envoy’s limits nothing is left but that what it begins TLS for is not in the open', () => {
    const sni = 'a'.repeat(300)
    for (const tls of [
      { ...simple, sni },
      { mode: 'SIMPLE', sni },
    ] as const) {
      const { json, secrets } = gotBy([rule(tls)])
      expect(json).toMatchObject({ type: 'STATIC', load_assignment: { cluster_name: cluster } })
      expect(secrets).toEqual([])
    }
  })

  test.each(['ingress', 'router'] as const)(
    'Y45: a proxy of type %s gets them by any rule, each of its own namespace',
    (type) => {
      for (const namespace of ['default', 'edge'])
        expect(gotBy([rule(mutual, {})], proxyOf(type, namespace, '10.9.9.9'))).toMatchObject({
          tls: { tls_certificate_sds_secret_configs: [overAds(`${namespace}/bank`)] },
          secrets: [`${namespace}/bank`, `${namespace}/bank/ca`],
        })
    },
  )

  test('Y45: routers of two namespaces that share all else have each their own', () => {
    const [gateway, routes] = ['Gateway', 'VirtualService']
    const without = [...mesh, rule(mutual, {})].filter(({ kind }) => kind !== gateway && kind !== routes)
    const projector = createProjector(given(...without.map(applied)))
    const routers = ['one', 'two'].map((namespace) =>
      projector.follow(proxyOf('router', namespace, '10.9.9.9'), {}),
    )
    expect(routers.map((proxy) => [...proxy.names('secrets')].sort())).toEqual([
      ['one/bank', 'one/bank/ca'],
      ['two/bank', 'two/bank/ca'],
    ])
    const versions = routers.map((proxy) => proxy.get('clusters', cluster)?.version)
    expect(new Set(versions).size).toBe(2)
  })

  test('Y45: ports and subsets have their own, and what goes takes its secret with it', () => {
    const policy = { portLevelSettings: [{ port: { number: 9080 }, tls: simple }] }
    const subsets = [{ name: 'a', trafficPolicy: { tls: mutual } }]
    const spec = { host, ...ofShop, trafficPolicy: policy, subsets }
    expect(gotBy([istio('DestinationRule', 'bank', spec)]).secrets).toEqual([
      'default/bank',
      'default/bank/ca',
    ])
    const projector = createProjector(given(...[...mesh, rule(mutual)].map(applied)))
    const proxy = projector.follow(proxyOf(), {})
    const gone = given(...[...mesh, rule(mutual), rule({ mode: 'SIMPLE' })].map(applied))
    expect([...projector.advance(gone)].find(([one]) => one === proxy)?.[1].secrets.toSorted()).toEqual([
      'default/bank',
      'default/bank/ca',
    ])
    expect([...proxy.names('secrets')]).toEqual([])
  })
})

describe('what is the matter with them', () => {
  const told = (
    tls: ClientTls,
    more: Partial<DestinationRuleSpec> = ofShop,
    problems: Readonly<Record<string, SecretProblem>> = {},
  ) => {
    const asked: string[] = []
    const secretProblem = (name: string) => {
      asked.push(name)
      return problems[name]
    }
    const all = [...mesh, rule(tls, more)]
    const projector = createProjector(given(...all.map(applied)), { secretProblem })
    const found = diagnosticsOf(rule(tls, more), projector.registry())
      .filter(({ code }) => code !== 'RUT2109')
      .map(({ code, severity, path }) => `${code} ${severity} ${path?.split('/').at(-1)}`)
    return { found, asked }
  }
  const missing: SecretProblem = { kind: 'missing', message: 'there is no such file' }

  test('Y47: a secret that is missing, of no use, out of date or unseen is told of whom a rule selects', () => {
    expect(told(mutual)).toEqual({ found: [], asked: ['default/bank', 'default/bank/ca'] })
    const codes = {
      missing: 'RUT2051 error',
      unusable: 'RUT2051 error',
      expired: 'RUT2054 warning',
      unseen: 'RUT2057 info',
    } as const
    for (const kind of ['missing', 'unusable', 'expired', 'unseen'] as const) {
      const problem = { kind, message: 'x' }
      const of = (name: string, tls: ClientTls) => told(tls, ofShop, { [name]: problem }).found
      expect(of('default/bank', mutual)).toEqual([`${codes[kind]} credentialName`])
      expect(of('default/bank/ca', simple)).toEqual([`${codes[kind]} credentialName`])
      expect(of('default/a/ca', { ...mutual, caCertCredentialName: 'a' })).toEqual([
        `${codes[kind]} caCertCredentialName`,
      ])
    }
  })

  test('Y47: what neither part of a secret is there for is told once', () => {
    const both = { 'default/bank': missing, 'default/bank/ca': missing }
    expect(told(mutual, ofShop, both).found).toEqual(['RUT2051 error credentialName'])
  })

  test('Y47: without a selector sidecars are told to get none, and it is for proxies to say whose it is', () => {
    expect(told(mutual, {}).found).toEqual(['RUT2101 warning credentialName'])
    expect(told({ mode: 'SIMPLE', caCertCredentialName: 'a' }, {}).found).toEqual([
      'RUT2101 warning caCertCredentialName',
    ])
    expect(told(mutual, {}, { 'default/bank': missing, 'default/bank/ca': missing }).found).toEqual([
      'RUT2101 warning credentialName',
      'RUT2057 info credentialName',
    ])
  })

  test('Y11: what has no effect on TLS beside a secret, or a secret beside what it is not for, is told', () => {
    const files = {
      clientCertificate: '/c.pem',
      privateKey: '/k.pem',
      caCertificates: '/ca.pem',
      caCrl: '/crl.pem',
    }
    const unused = (tls: ClientTls) =>
      told(tls)
        .found.filter((one) => one.startsWith('RUT2011'))
        .map((one) => one.split(' ').at(-1))
        .sort()
    expect(unused({ ...mutual, ...files })).toEqual([
      'caCertificates',
      'caCrl',
      'clientCertificate',
      'privateKey',
    ])
    expect(unused({ mode: 'SIMPLE', caCertCredentialName: 'a', caCrl: '/crl.pem' })).toEqual(['caCrl'])
    expect(unused({ ...simple, caCertCredentialName: 'a' })).toEqual(['credentialName'])
    expect(unused({ ...simple, insecureSkipVerify: true })).toEqual(['credentialName'])
    const apart = { caCertCredentialName: 'a', insecureSkipVerify: true }
    expect(unused({ ...mutual, ...apart })).toEqual(['caCertCredentialName'])
    for (const mode of ['DISABLE', 'ISTIO_MUTUAL'] as const)
      expect(unused({ mode, credentialName: 'a', caCertCredentialName: 'b' })).toEqual([
        'caCertCredentialName',
        'credentialName',
      ])
  })
})
