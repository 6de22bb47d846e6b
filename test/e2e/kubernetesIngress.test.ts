import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KubernetesIngressSpec } from '../../src/model/kubernetesIngress.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'
import { secretsDirectory } from './secretsDirectory.ts'
import { type TlsCaller, tlsCaller } from './tlsCaller.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('Kubernetes’ Ingress on a real Envoy', () => {
  let mesh: OwnMesh
  let gate: Workload
  let caller: TlsCaller
  const directory = mkdtempSync(join(tmpdir(), 'rutter-ingress-'))
  const { path: secrets, issuer, write } = secretsDirectory(directory)

  beforeAll(async () => {
    for (const name of ['one', 'two']) write(name, name, `DNS:${name}.example`)
    mesh = await startMesh(envoy.path, 'memory', { secrets })
    for (const name of ['gate', 'shop', 'blog']) await mesh.put(service(name))
    for (const name of ['shop', 'blog']) await mesh.workload(`${name}-v1`, { service: name, sidecar: false })
    const port = await freePort()
    await tlsAt(port)
    gate = await mesh.workload('gate', { service: 'gate', type: 'ingress' })
    caller = tlsCaller(gate.address, port, issuer.ca)
    await mesh.settled()
  })
  afterAll(async () => {
    await mesh?.stop()
    rmSync(directory, { recursive: true })
  })

  const ingress = (name: string, spec: KubernetesIngressSpec) =>
    mesh.put({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name, namespace: 'default' },
      spec,
    })
  const put = async (spec: KubernetesIngressSpec): Promise<void> => mesh.settled(await ingress('web', spec))

  /** An Ingress for hosts over TLS, whose listener is at `port`: not everybody may listen on 443. */
  const tlsAt = async (port: number): Promise<void> => {
    const hosts = ['one.example', 'two.example']
    const paths = [{ path: '/', pathType: 'Prefix' as const, backend: to('shop', { number: 9080 }) }]
    await ingress('secure', {
      tls: ['one', 'two'].map((name) => ({ hosts: [`${name}.example`], secretName: name })),
      rules: hosts.map((host) => ({ host, http: { paths } })),
    })
    const { items } = await mesh.json<{ items: readonly Record<string, unknown>[] }>(
      '/api/v1/proxies/ingress~127.0.0.1~x.default~default.svc.cluster.local/listeners',
    )
    await mesh.put({
      apiVersion: 'rutter.dev/v1',
      kind: 'EnvoyResource',
      metadata: { name: 'secure', namespace: 'default' },
      spec: {
        proxies: { types: ['ingress'] },
        resource: {
          ...items.find(({ name }) => String(name).endsWith('_443')),
          '@type': 'type.googleapis.com/envoy.config.listener.v3.Listener',
          address: { socket_address: { address: '0.0.0.0', port_value: port } },
        },
      },
    })
  }
  const answer = async (host: string, path: string): Promise<string | number> => {
    const { status, body } = await gate.get(host, path)
    return status === 200 ? body : status
  }
  const to = (name: string, port: { number?: number; name?: string }) => ({ service: { name, port } })

  test('C47: an Ingress of 2017 routes as it did', async () => {
    const backend = { serviceName: 'blog', servicePort: 9080 }
    await mesh.settled(
      await mesh.put({
        apiVersion: 'extensions/v1beta1',
        kind: 'Ingress',
        metadata: {
          name: 'web',
          namespace: 'default',
          annotations: { 'kubernetes.io/ingress.class': 'istio' },
        },
        spec: {
          rules: [
            {
              host: 'old.example',
              http: { paths: ['/one', '/parts/.*'].map((path) => ({ path, backend })) },
            },
          ],
        },
      }),
    )
    for (const path of ['/one', '/parts/', '/parts/2']) expect(await answer('old.example', path)).toBe('blog')
    for (const path of ['/one/', '/parts', '/']) expect(await answer('old.example', path)).toBe(404)
  })

  test('I9: requests go by host and path, the rest to the default backend, and follow the Ingress as it changes', async () => {
    const rules: KubernetesIngressSpec['rules'] = [
      {
        host: 'shop.example',
        http: {
          paths: [
            { path: '/exact', pathType: 'Exact', backend: to('blog', { name: 'http' }) },
            { path: '/shop', pathType: 'Prefix', backend: to('shop', { number: 9080 }) },
          ],
        },
      },
    ]
    await put({ rules })
    const asked = ['/exact', '/exact/more', '/shop', '/shop/a?b=c', '/shopping', '/']
    const seen = () => Promise.all(asked.map((path) => answer('shop.example', path)))
    expect(await seen()).toEqual(['blog', 404, 'shop', 'shop', 404, 404])
    expect(await answer('other.example', '/shop')).toBe(404)
    await put({ rules, defaultBackend: to('blog', { number: 9080 }) })
    expect(await seen()).toEqual(['blog', 'blog', 'shop', 'shop', 'blog', 'blog'])
    expect(await answer('other.example', '/shop')).toBe('blog')
    await put({ rules, ingressClassName: 'nginx' })
    expect(await answer('shop.example', '/shop')).toBe(404)
  })

  test('I9: hosts over TLS show the certificate of their secret, and what comes in plain text is sent there', async () => {
    await expect.poll(() => caller.shown('one.example')).toBe('one')
    expect(await caller.shown('two.example')).toBe('two')
    expect(await caller.get('two.example')).toBe('200 shop')
    const { status, headers } = await gate.get('one.example', '/a?b=c')
    expect([status, headers.location]).toEqual([301, 'https://one.example/a?b=c'])
  })
})
