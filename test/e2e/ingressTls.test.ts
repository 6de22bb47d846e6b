import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IngressRuleSpec } from '../../src/model/ingressRule.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'
import { secretsDirectory } from './secretsDirectory.ts'
import { type TlsCaller, tlsCaller } from './tlsCaller.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('TLS of an ingress, on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-tls-'))
  const { path: secrets, issuer, write: secret } = secretsDirectory(directory)
  let mesh: OwnMesh
  let gate: Workload
  let port = 0
  let caller: TlsCaller

  beforeAll(async () => {
    secret('shop', 'shop', 'DNS:shop.example')
    secret('other', 'other', 'DNS:other.example')
    port = await freePort()
    mesh = await startMesh(envoy.path, 'memory', { secrets })
    for (const name of ['gate', 'reviews', 'ratings']) await mesh.put(service(name))
    gate = await mesh.workload('gate', { service: 'gate', type: 'ingress' })
    caller = tlsCaller(gate.address, port, issuer.ca)
    await mesh.workload('reviews-v1', { service: 'reviews', version: 'v1', sidecar: false })
    await mesh.workload('ratings-v1', { service: 'ratings', version: 'v1', sidecar: false })
    await ingress('shop', 'reviews', 'shop.example', { tlsSecret: 'shop.default', port })
    await ingress('other', 'ratings', 'other.example', { tlsSecret: 'other.default', port })
  })
  afterAll(async () => {
    await mesh?.stop()
    rmSync(directory, { recursive: true })
  })

  const ingress = async (
    name: string,
    to: string,
    host: string,
    more: Partial<IngressRuleSpec>,
  ): Promise<void> =>
    mesh.settled(
      await mesh.put({
        apiVersion: 'config.istio.io/v1alpha2',
        kind: 'IngressRule',
        metadata: { name, namespace: 'default' },
        spec: {
          destination: { name: to },
          match: { request: { headers: { authority: { exact: host } } } },
          ...more,
        },
      }),
    )

  const get = (host: string): Promise<string> => caller.get(host)
  const shown = (host: string): Promise<string> => caller.shown(host)

  test('T6: each server shows its own certificate, and its requests find their service', async () => {
    expect(await get('shop.example')).toBe('200 reviews v1')
    expect(await get('other.example')).toBe('200 ratings v1')
    expect(await shown('nobody.example')).not.toMatch(/shop|other/)
  })

  test('T6: a request in plain text is sent to TLS', async () => {
    const { status, headers } = await gate.get('shop.example', '/a?b=c')
    expect([status, headers.location]).toEqual([301, `https://shop.example:${port}/a?b=c`])
  })

  test('T7: a certificate that is written over is shown without a restart, and no request is lost', async () => {
    const seen = new Set<string>()
    let going = true
    const asking = (async () => {
      while (going) seen.add(await get('other.example'))
    })()
    secret('shop', 'renewed', 'DNS:shop.example')
    await expect.poll(() => shown('shop.example'), { timeout: 10_000 }).toBe('renewed')
    going = false
    await asking
    expect(await get('shop.example')).toBe('200 reviews v1')
    expect([...seen]).toEqual(['200 ratings v1'])
  })

  test('T7: a certificate that is missing is told, costs the others nothing, and is shown once it comes', async () => {
    await ingress('late', 'ratings', 'late.example', { tlsSecret: 'late.default', port })
    const { items } = await mesh.json<{ items: { name: string; diagnostics: { code: string }[] }[] }>(
      '/api/v1/diagnostics',
    )
    expect(items.find(({ name }) => name === 'late')?.diagnostics).toMatchObject([{ code: 'RUT2051' }])
    expect(await get('shop.example')).toBe('200 reviews v1')
    secret('late', 'late', 'DNS:late.example')
    await expect.poll(() => shown('late.example'), { timeout: 10_000 }).toBe('late')
    expect(await get('late.example')).toBe('200 ratings v1')
  })

  test('T8: keys are in no answer of the API', async () => {
    const all = JSON.stringify(await mesh.json(`/api/v1/proxies/${gate.node}/all`))
    expect(all).toContain('default/shop')
    expect(all).not.toMatch(/PRIVATE KEY|inline_bytes/)
  })
})
