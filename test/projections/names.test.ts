import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  inboundCluster,
  outboundCluster,
  parseClusterName,
  subsetName,
} from '../../src/projections/clusters/clusterName.ts'
import {
  domainsOf,
  hostsOf,
  resolveDestination,
  serviceHostname,
  shortForms,
} from '../../src/projections/registry/hostnames.ts'
import { isHttp, protocolOf } from '../../src/projections/registry/servicePorts.ts'
import { reviews, stored } from './given.ts'

test('P1: a cluster name says direction, port, subset and hostname', () => {
  expect(outboundCluster(9080, 'version=v1', reviews)).toBe(`outbound|9080|version=v1|${reviews}`)
  expect(outboundCluster(9080, '', reviews)).toBe(`outbound|9080||${reviews}`)
  expect(inboundCluster(9080)).toBe('inbound|9080||')
})

test('P1: a subset is its labels, sorted by code unit', () => {
  expect(subsetName({ version: 'v1', env: 'prod', Zone: 'a' })).toBe('Zone=a,env=prod,version=v1')
  expect(subsetName({})).toBe('')
  expect(subsetName()).toBe('')
})

test('P1: a cluster name can be taken apart again, and only a cluster name', () => {
  const text = fc.stringMatching(/^[-A-Za-z0-9_./=,*]{0,20}$/)
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 65_535 }), text, text, (port, subset, hostname) => {
      const parts = parseClusterName(outboundCluster(port, subset, hostname))
      expect(parts).toEqual({ direction: 'outbound', port, subset, hostname })
    }),
    { seed: 1 },
  )
  expect(parseClusterName('inbound|80||')).toEqual({
    direction: 'inbound',
    port: 80,
    subset: '',
    hostname: '',
  })
  for (const other of ['PassthroughCluster', 'outbound|x||a', 'outbound|80|a', 'outbound|80||a|b', ''])
    expect(parseClusterName(other)).toBeUndefined()
})

test('P2: a service is called by its hostname, by default name.namespace.svc.domain', () => {
  const ports = [{ name: 'http', port: 80 }]
  expect(serviceHostname(stored('Service', 'reviews', { ports }).resource, 'cluster.local')).toBe(reviews)
  expect(
    serviceHostname(stored('Service', 'x', { hostname: 'httpbin.org', ports }).resource, 'cluster.local'),
  ).toBe('httpbin.org')
})

test.each([
  [{ name: 'a' }, 'a.ns.svc.mesh.local'],
  [{ name: 'a', namespace: 'b' }, 'a.b.svc.mesh.local'],
  [{ name: 'a', domain: 'd.e' }, 'a.ns.d.e'],
  [{ name: 'a', namespace: 'b', domain: 'd.e' }, 'a.b.d.e'],
  [{ service: 'x.org' }, 'x.org'],
  [{ service: 'x.org', name: 'a', namespace: 'b', domain: 'd' }, 'x.org'],
  [{ service: '', name: 'a', namespace: '', domain: '' }, 'a.ns.svc.mesh.local'],
  [{}, ''],
])('P2: the destination %j of a rule in namespace ns is %s', (destination, hostname) => {
  expect(resolveDestination(destination, 'ns', 'mesh.local')).toBe(hostname)
})

test.each([
  [
    'hello.default.svc.cluster.local',
    'default.svc.cluster.local',
    [
      'hello',
      'hello.default',
      'hello.default.svc',
      'hello.default.svc.cluster',
      'hello.default.svc.cluster.local',
    ],
  ],
  [
    'a.b.svc.cluster.local',
    'default.svc.cluster.local',
    ['a.b', 'a.b.svc', 'a.b.svc.cluster', 'a.b.svc.cluster.local'],
  ],
  ['serviceA.a.cluster', 'serviceB.b.cluster', ['serviceA.a', 'serviceA.a.cluster']],
  ['a', 'b', ['a']],
  ['httpbin.org', 'default.svc.cluster.local', ['httpbin.org']],
  ['hello.default.svc.cluster.local', '', ['hello.default.svc.cluster.local']],
  ['svc.cluster.local', 'default.svc.cluster.local', ['svc.cluster.local']],
  ['cluster.local', 'cluster.local', ['cluster.local']],
])('P3: %s has short forms as seen from %s', (hostname, domain, forms) => {
  expect(shortForms(hostname, domain)).toEqual(forms)
})

test('P3: short forms rise from what is not shared to the full name, for whatever names', () => {
  const name = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(name, name, (hostname, domain) => {
      const forms = shortForms(hostname.join('.'), domain.join('.'))
      let own = hostname.length
      while (own > 0 && hostname[own - 1] === domain[domain.length - 1 - (hostname.length - own)]) own -= 1
      const runs = hostname.map((_, i) => hostname.slice(0, i + 1).join('.'))
      expect(forms).toEqual(own === 0 ? runs.slice(-1) : runs.slice(own - 1))
    }),
    { seed: 2 },
  )
})

test('P4: captured, every name and the virtual IP answer with and without port', () => {
  const hosts = hostsOf({ hostname: 'a.x', addresses: ['10.1.0.0'] }, 'y.x')
  expect(domainsOf(hosts, 80, 'captured')).toEqual(['a:80', 'a', 'a.x:80', 'a.x', '10.1.0.0:80', '10.1.0.0'])
})

test('P4: behind an explicit proxy only port 80 answers without port', () => {
  const hosts = hostsOf({ hostname: 'a.x', addresses: [] }, 'y.x')
  expect(domainsOf(hosts, 9080, 'proxy')).toEqual(['a:9080', 'a.x:9080'])
  expect(domainsOf(hosts, 80, 'proxy')).toEqual(['a:80', 'a', 'a.x:80', 'a.x'])
})

test('P4: an IPv6 address stands in brackets, and no domain twice', () => {
  expect(domainsOf(['a', 'fd00::1'], 80, 'captured')).toEqual(['a:80', 'a', '[fd00::1]:80', '[fd00::1]'])
  expect(hostsOf({ hostname: '10.0.0.1', addresses: ['10.0.0.1'] }, '')).toEqual(['10.0.0.1'])
})

test.each([
  ['http', 'HTTP'],
  ['http-web', 'HTTP'],
  ['http2', 'HTTP2'],
  ['grpc-x-y', 'GRPC'],
  ['https', 'HTTPS'],
  ['mongo-1', 'Mongo'],
  ['redis', 'Redis'],
  ['httptest', 'TCP'],
  ['web-http', 'TCP'],
  ['constructor', 'TCP'],
  ['', 'TCP'],
])('P5: a port named %j speaks %s', (name, protocol) => {
  expect(protocolOf({ name, port: 1 })).toBe(protocol)
})

test('P5: what a port says of itself wins over its name', () => {
  expect(protocolOf({ name: 'http', port: 1, protocol: 'TCP' })).toBe('TCP')
})

test('P5: HTTP, HTTP2 and GRPC are routed by request', () => {
  const all = ['HTTP', 'HTTP2', 'GRPC', 'HTTPS', 'TCP', 'Mongo', 'Redis'] as const
  expect(all.filter(isHttp)).toEqual(['HTTP', 'HTTP2', 'GRPC'])
})
