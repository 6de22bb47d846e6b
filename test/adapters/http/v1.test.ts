import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseServiceKey, serviceKeyText } from '../../../src/adapters/http/v1/serviceKey.ts'
import { v1Url } from '../../../src/adapters/http/v1/v1Url.ts'
import { type StartedController, startController } from '../../../src/cli/startController.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { istio } from '../../projections/istio/following.ts'
import { instance, routeRule, service } from '../../reducers/given.ts'

/** Vectors of Pilot's own tests (model/service_test.go). */
const keys = [
  ['example-service1.default', ['http', 'grpc'], [{ c: 'd', a: 'b' }, { e: 'f' }]],
  ['my-service', [], []],
  ['svc', [], [{ 'istio.io/my_tag-v1.test': 'my_value-v2.value' }]],
  ['svc', ['test'], [{ prod: '' }]],
  ['hostname', ['http', 'http-alt'], [{ a: 'b', c: 'd' }]],
] as const
const texts = [
  'example-service1.default|grpc,http|a=b,c=d;e=f',
  'my-service',
  'svc||istio.io/my_tag-v1.test=my_value-v2.value',
  'svc|test|prod',
  'hostname|http,http-alt|a=b,c=d',
]

test('H37: service keys are written and read as in 2017', () => {
  const made = keys.map(([hostname, ports, labels]) => serviceKeyText({ hostname, ports, labels }))
  expect(made).toEqual(texts)
  expect(texts.map((text) => serviceKeyText(parseServiceKey(text)))).toEqual(texts)
})

test('H37: addresses are URLs, of IPv6 in brackets', () => {
  const urls = ['10.0.0.1', '::1'].map((address) => v1Url({ address, port_value: 80 }))
  expect(urls).toEqual(['tcp://10.0.0.1:80', 'tcp://[::1]:80'])
})

const node = 'sidecar~10.1.1.0~v0.default~default.svc.cluster.local'
const world = 'world.default.svc.cluster.local'

const policy: Resource<'DestinationPolicy'> = {
  apiVersion: 'config.istio.io/v1alpha2',
  kind: 'DestinationPolicy',
  metadata: { name: 'world', namespace: 'default' },
  spec: {
    destination: { name: 'world' },
    loadBalancing: { name: 'RANDOM' },
    circuitBreaker: { simpleCb: { maxConnections: 100, httpConsecutiveErrors: 7, sleepWindow: '10s' } },
  },
}

describe('the view of 2017', () => {
  let started: StartedController

  beforeAll(async () => {
    started = await startController({
      log: 'memory',
      http: { host: '127.0.0.1', port: 0 },
      xds: { host: '127.0.0.1', port: 0 },
      version: 'test',
      notice: () => {},
      lost: (reason) => {
        throw reason
      },
    })
    const ports = [{ name: 'http', port: 80 }]
    const at = (name: string, address: string, version: string) =>
      instance(name, 'world', address, {
        labels: { version },
        ports: { http: 8080 },
        zone: `zone/${version}`,
      })
    const made = [
      service('world', { address: '10.1.0.0', ports }),
      at('world-v0', '10.1.1.0', 'v0'),
      at('world-v1', '10.1.1.1', 'v1'),
      routeRule('split', {
        destination: { name: 'world' },
        match: { request: { headers: { uri: { prefix: '/old' }, cookie: { regex: 'a.*' } } } },
        route: [
          { labels: { version: 'v0' }, weight: 25 },
          { labels: { version: 'v1' }, weight: 75 },
        ],
        rewrite: { uri: '/new', authority: 'other' },
        httpReqTimeout: { simpleTimeout: { timeout: '5s' } },
        httpReqRetries: { simpleRetry: { attempts: 3, perTryTimeout: '2s' } },
        websocketUpgrade: true,
      }),
      routeRule('moved', {
        destination: { name: 'world' },
        precedence: 1,
        match: { request: { headers: { uri: { exact: '/moved' } } } },
        redirect: { uri: '/there', authority: 'else' },
      }),
      policy,
    ]
    const body = JSON.stringify(made)
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${started.http.url}/api/v1/config`, { method: 'POST', headers, body })).status).toBe(
      200,
    )
  })
  afterAll(() => started?.close())

  const ask = async (path: string) => {
    const response = await fetch(`${started.http.url}${path}`)
    // biome-ignore lint/suspicious/noExplicitAny: answers are JSON of many shapes
    return { status: response.status, body: (await response.json()) as any }
  }

  test('H37: registration answers where a service is, by key, and all of them with their zones', async () => {
    const v0 = { ip_address: '10.1.1.0', port: 8080 }
    const v1 = { ip_address: '10.1.1.1', port: 8080 }
    const hosts = async (key: string) => (await ask(`/v1/registration/${encodeURIComponent(key)}`)).body.hosts
    expect(await hosts(`${world}|http`)).toEqual([v0, v1])
    expect(await hosts(world)).toEqual([v0, v1])
    expect(await hosts(`${world}|http|version=v1`)).toEqual([v1])
    expect(await hosts(`${world}|http|version=v1;version=v0`)).toEqual([v0, v1])
    expect(await hosts('nobody|http')).toEqual([])
    const all = [
      {
        'service-key': `${world}|http`,
        hosts: [
          { ...v0, tags: { az: 'zone/v0' } },
          { ...v1, tags: { az: 'zone/v1' } },
        ],
      },
    ]
    expect((await ask('/v1/registration')).body).toEqual(all)
    expect((await ask('/v1/registration/')).body).toEqual(all)
  })

  // Names from Pilot's own golden files (proxy/envoy/testdata).
  const out = {
    all: 'out.a2263b90cd24e500e9ed95f79ae47eabdc77dc74',
    v0: 'out.c76febe0f151b2f8abe0f377d2052c0fbbfb959d',
  }

  test('H37: clusters have the shapes and names of 2017', async () => {
    const { clusters } = (await ask(`/v1/clusters/istio-proxy/${node}`)).body
    const found = (name: string) => clusters.find((one: { name: string }) => one.name === name)
    expect(found(out.all)).toEqual({
      name: out.all,
      service_name: `${world}|http`,
      connect_timeout_ms: 1000,
      type: 'sds',
      lb_type: 'random',
      circuit_breakers: { default: { max_connections: 100 } },
      outlier_detection: {
        consecutive_5xx: 7,
        interval_ms: 10_000,
        base_ejection_time_ms: 10_000,
        max_ejection_percent: 10,
      },
    })
    expect(found(out.v0)).toMatchObject({ service_name: `${world}|http|version=v0`, type: 'sds' })
    expect(found('in.8080')).toMatchObject({ type: 'static', hosts: [{ url: 'tcp://127.0.0.1:8080' }] })
  })

  test('H37: routes have the shape of 2017', async () => {
    const { virtual_hosts } = (await ask(`/v1/routes/80/istio-proxy/${node}`)).body
    const host = virtual_hosts.find(({ domains }: { domains: string[] }) => domains.includes('world'))
    expect(host.domains).toEqual(expect.arrayContaining(['world:80', '10.1.0.0']))
    expect(host.routes).toMatchObject([
      { path: '/moved', path_redirect: '/there', host_redirect: 'else' },
      {
        prefix: '/old',
        prefix_rewrite: '/new',
        host_rewrite: 'other',
        headers: [{ name: 'cookie', value: 'a.*', regex: true }],
        weighted_clusters: { clusters: [{ name: out.v0, weight: 25 }, { weight: 75 }] },
        timeout_ms: 5000,
        retry_policy: { num_retries: 3, per_try_timeout_ms: 2000 },
        use_websocket: true,
      },
      { prefix: '/', cluster: out.all, decorator: { operation: 'default' } },
    ])
  })

  test('H37: listeners have the shape of 2017', async () => {
    const { listeners } = (await ask(`/v1/listeners/istio-proxy/${node}`)).body
    const found = listeners.find((one: { address: string }) => one.address === 'tcp://0.0.0.0:80')
    expect(found).toMatchObject({
      bind_to_port: false,
      filters: [
        {
          type: 'read',
          name: 'http_connection_manager',
          config: {
            codec_type: 'auto',
            generate_request_id: true,
            rds: { cluster: 'rds', route_config_name: '80', refresh_delay_ms: 1000 },
            filters: [{ type: 'decoder', name: 'router', config: {} }],
          },
        },
      ],
    })
    expect(listeners).toContainEqual(
      expect.objectContaining({ address: 'tcp://0.0.0.0:15001', use_original_dst: true }),
    )
  })

  test('H37: a port without routes is null; a node that is none, another name and the bare paths are 404', async () => {
    expect(await ask(`/v1/routes/81/istio-proxy/${node}`)).toEqual({ status: 200, body: null })
    for (const path of [
      '/v1/clusters/',
      '/v1/routes/',
      '/v1/clusters/istio-proxy/pod~1.2.3.4~a~b',
      `/v1/routes/x/istio-proxy/${node}`,
    ])
      expect([path, (await ask(path)).status]).toEqual([path, 404])
  })

  test('H37: names that the proxy looks up came later: neither their clusters nor what leads to them are shown', async () => {
    const entry = istio('ServiceEntry', 'names', {
      hosts: ['*.b.org'],
      ports: [
        { number: 80, name: 'http' },
        { number: 8443, name: 'tls', protocol: 'TLS' },
      ],
      resolution: 'DYNAMIC_DNS',
    })
    const headers = { 'content-type': 'application/json' }
    await fetch(`${started.http.url}/api/v1/config`, {
      method: 'POST',
      headers,
      body: JSON.stringify([entry]),
    })
    const { clusters } = (await ask(`/v1/clusters/istio-proxy/${node}`)).body
    const names = clusters.map(({ name }: { name: string }) => name)
    const { virtual_hosts } = (await ask(`/v1/routes/80/istio-proxy/${node}`)).body
    const host = virtual_hosts.find(({ domains }: { domains: string[] }) => domains.includes('*.b.org'))
    expect(host.routes).toEqual([])
    const { listeners } = (await ask(`/v1/listeners/istio-proxy/${node}`)).body
    const led = JSON.stringify([virtual_hosts, listeners]).matchAll(/"cluster":"(out\.[0-9a-f]+)"/g)
    expect([...led].map(([, name]) => name).filter((name) => !names.includes(name))).toEqual([])
    await fetch(`${started.http.url}/api/v1/config/ServiceEntry/default/names`, { method: 'DELETE' })
  })

  test('H37: TLS is shown within the PROXY protocol too, which alone is none', async () => {
    const told = 'told.default.svc.cluster.local|http'
    const contextWith = async (trafficPolicy: object) => {
      const body = JSON.stringify([
        service('told', { ports: [{ name: 'http', port: 81 }] }),
        istio('DestinationRule', 'told', { host: 'told', trafficPolicy }),
      ])
      const headers = { 'content-type': 'application/json' }
      await fetch(`${started.http.url}/api/v1/config`, { method: 'POST', headers, body })
      const { clusters } = (await ask(`/v1/clusters/istio-proxy/${node}`)).body
      return clusters.find((one: { service_name?: string }) => one.service_name === told)?.ssl_context
    }
    const tls = { mode: 'SIMPLE', caCertificates: '/ca.pem' }
    expect(await contextWith({ tls, proxyProtocol: {} })).toEqual({ ca_cert_file: '/ca.pem' })
    expect(await contextWith({ proxyProtocol: {} })).toBeUndefined()
  })
})
