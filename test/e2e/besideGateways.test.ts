import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { IngressRuleSpec } from '../../src/model/ingressRule.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { freePort } from '../freePort.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'
import { type OwnMesh, startMesh, type Workload } from './mesh.ts'
import { secretsDirectory } from './secretsDirectory.ts'
import { type TlsCaller, tlsCaller } from './tlsCaller.ts'

const envoy = await envoyOrSkip()

describe.skipIf(envoy.skip)('an ingress with a Gateway and rules of its own, on a real Envoy', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-beside-'))
  const { path: secrets, issuer, write: secret } = secretsDirectory(directory)
  let mesh: OwnMesh
  let gate: Workload
  let port = 0
  let caller: TlsCaller

  beforeAll(async () => {
    secret('new', 'new', 'DNS:new.example')
    secret('old', 'old', 'DNS:old.example')
    secret('own', 'own', 'DNS:old.example')
    port = await freePort()
    mesh = await startMesh(envoy.path, 'memory', { secrets })
    for (const name of ['gate', 'reviews', 'ratings']) await mesh.put(service(name))
    for (const name of ['reviews', 'ratings'])
      await mesh.workload(`${name}-v1`, { service: name, sidecar: false })
    gate = await mesh.workload('gate', { service: 'gate', type: 'ingress', labels: { app: 'edge' } })
    caller = tlsCaller(gate.address, port, issuer.ca)
    await rule('old', 'old.example', { tlsSecret: 'old.default', port })
    await rule('plain', 'plain.example', {})
    await mesh.put(gateway(['new.example']))
    await mesh.settled(await mesh.put(virtual('web', ['new.example'])))
  })
  afterAll(async () => {
    await mesh?.stop()
    rmSync(directory, { recursive: true })
  })

  const rule = (name: string, host: string, more: Partial<IngressRuleSpec>): Promise<number> =>
    mesh.put({
      apiVersion: 'config.istio.io/v1alpha2',
      kind: 'IngressRule',
      metadata: { name, namespace: 'default' },
      spec: {
        destination: { name: 'ratings' },
        match: { request: { headers: { authority: { exact: host } } } },
        ...more,
      },
    })
  const gateway = (secured: readonly string[]) =>
    istio('Gateway', 'edge', {
      selector: { app: 'edge' },
      servers: [
        { port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['*'] },
        ...secured.map((host) => ({
          port: { number: port, name: host, protocol: 'HTTPS' as const },
          hosts: [host],
          tls: { mode: 'SIMPLE' as const, credentialName: host === 'new.example' ? 'new' : 'own' },
        })),
      ],
    })
  const virtual = (name: string, hosts: readonly string[]) =>
    istio('VirtualService', name, {
      gateways: ['edge'],
      hosts,
      http: [{ route: [{ destination: { host: 'reviews', port: { number: 9080 } } }] }],
    })
  const plainly = async (host: string): Promise<string> => {
    const { status, body } = await gate.get(host)
    return `${status} ${body}`
  }

  test('I12: requests find both dialects’ rules, in plain text and over TLS, each with its certificate', async () => {
    await expect.poll(() => plainly('new.example'), { timeout: 10_000 }).toBe('200 reviews')
    expect(await plainly('plain.example')).toBe('200 ratings')
    expect((await gate.get('old.example')).status).toBe(301)
    expect(await plainly('nobody.example')).toMatch(/^404/)
    expect(await caller.get('new.example')).toBe('200 reviews')
    expect(await caller.get('old.example')).toBe('200 ratings')
    expect(await caller.shown('old.example')).toBe('old')
    expect(await caller.shown('new.example')).toBe('new')
    expect(await caller.shown('nobody.example')).not.toMatch(/old|new/)
  })

  test('I12: a host passes to the Gateway and back, and no request to another fails', async () => {
    const seen = new Set<string>()
    let going = true
    const asking = (async () => {
      while (going) {
        seen.add(`tls ${await caller.get('new.example')}`)
        seen.add(`plain ${await plainly('new.example')}`)
      }
    })()
    await mesh.put(virtual('moved', ['plain.example', 'old.example']))
    await mesh.settled(await mesh.put(gateway(['new.example', 'old.example'])))
    await expect.poll(() => plainly('plain.example')).toBe('200 reviews')
    await expect.poll(() => caller.shown('old.example')).toBe('own')
    expect(await caller.get('old.example')).toBe('200 reviews')
    const { items } = await mesh.json<{
      items: readonly { kind: string; name: string; diagnostics: readonly { code: string }[] }[]
    }>('/api/v1/diagnostics')
    const told = items.filter(({ kind }) => kind === 'IngressRule')
    expect(told.map(({ name, diagnostics }) => [name, diagnostics.map(({ code }) => code)])).toEqual([
      ['old', ['RUT2127']],
      ['plain', ['RUT2127']],
    ])
    await mesh.remove('VirtualService', 'moved')
    await mesh.settled(await mesh.put(gateway(['new.example'])))
    await expect.poll(() => plainly('plain.example')).toBe('200 ratings')
    await expect.poll(() => caller.shown('old.example')).toBe('old')
    expect(await caller.get('old.example')).toBe('200 ratings')
    going = false
    await asking
    expect([...seen].sort()).toEqual(['plain 200 reviews', 'tls 200 reviews'])
  })

  test('I12: without the Gateway the rules go on as they were', async () => {
    await mesh.remove('VirtualService', 'web')
    await mesh.settled(await mesh.remove('Gateway', 'edge'))
    await expect.poll(() => plainly('new.example')).toMatch(/^404/)
    expect(await plainly('plain.example')).toBe('200 ratings')
    await expect.poll(() => caller.get('old.example')).toBe('200 ratings')
  })
})
