import { describe, expect, test } from 'vitest'
import type { CertificateFile } from '../../../src/model/certificateFile.ts'
import type { ServerTls } from '../../../src/model/istio/serverTls.ts'
import type { MeshSettingsSpec } from '../../../src/model/meshSettings.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { diagnosticsOf } from '../../../src/projections/diagnostics/diagnostics.ts'
import { createProjector } from '../../../src/projections/projector.ts'
import { applied, given, service } from '../../reducers/given.ts'
import { stored } from '../given.ts'
import { istio } from '../istio/following.ts'

/** What is told of `resource` where every file is as `kind` says, and which files were asked for. */
const asked = (
  resource: Resource,
  { kind = 'missing' as 'missing' | 'expired' | 'unseen', others = [] as readonly Resource[] } = {},
) => {
  const files: CertificateFile[] = []
  const projector = createProjector(given(...others.map(applied), applied(resource)), {
    fileProblem: (file) => {
      files.push(file)
      return { kind, message: 'as the test says' }
    },
  })
  const found = diagnosticsOf(resource, projector.registry())
  return { files, found: found.map(({ code, severity, path }) => `${code} ${severity} ${path}`) }
}

const entry = istio('ServiceEntry', 'bank', {
  hosts: ['bank.example.com'],
  ports: [{ number: 443, name: 'http', protocol: 'HTTP' }],
  resolution: 'DNS',
})
const files = {
  clientCertificate: '/a.pem',
  privateKey: '/a-key.pem',
  caCertificates: '/ca.pem',
  caCrl: '/crl.pem',
}
const rule = (mode: 'SIMPLE' | 'MUTUAL' | 'DISABLE', more: object = {}) =>
  istio('DestinationRule', 'bank', {
    host: 'bank.example.com',
    trafficPolicy: { tls: { mode, ...files, ...more } },
  })
const tls = '/spec/trafficPolicy/tls'

describe('files of certificates', () => {
  test('T9: of a DestinationRule those that its mode reads are looked at', () => {
    const others = [entry]
    const mutual = asked(rule('MUTUAL'), { others })
    expect(mutual.files).toEqual([
      { path: '/a.pem', holds: 'certificate' },
      { path: '/a-key.pem', holds: 'key', of: '/a.pem' },
      { path: '/ca.pem', holds: 'authorities' },
      { path: '/crl.pem', holds: 'revocations' },
    ])
    expect(mutual.found).toEqual(Object.keys(files).map((field) => `RUT2058 warning ${tls}/${field}`))
    expect(asked(rule('SIMPLE'), { others }).files.map(({ path }) => path)).toEqual(['/ca.pem', '/crl.pem'])
    expect(asked(rule('SIMPLE', { insecureSkipVerify: true }), { others }).files).toEqual([])
    expect(asked(rule('SIMPLE', { caCertificates: 'system' }), { others }).files).toHaveLength(1)
    expect(asked(rule('DISABLE'), { others }).files).toEqual([])
  })

  test('T9: of a port’s and a subset’s settings too; what is out of date or not to be read has a code of its own', () => {
    const of = istio('DestinationRule', 'bank', {
      host: 'bank.example.com',
      trafficPolicy: {
        portLevelSettings: [{ port: { number: 443 }, tls: { mode: 'SIMPLE', caCertificates: '/ca.pem' } }],
      },
      subsets: [{ name: 'a', trafficPolicy: { tls: { mode: 'SIMPLE', caCertificates: '/b.pem' } } }],
    })
    const paths = [
      '/spec/trafficPolicy/portLevelSettings/0/tls/caCertificates',
      '/spec/subsets/0/trafficPolicy/tls/caCertificates',
    ]
    const told = (kind: 'expired' | 'unseen') => asked(of, { kind, others: [entry] }).found
    expect(told('expired')).toEqual(paths.map((path) => `RUT2054 warning ${path}`))
    expect(told('unseen')).toEqual(paths.map((path) => `RUT2057 info ${path}`))
  })

  test('T9: of a Gateway those of servers that end TLS without a secret', () => {
    const gateway = (server: ServerTls) =>
      istio('Gateway', 'edge', {
        servers: [{ port: { number: 443, name: 'https', protocol: 'HTTPS' }, hosts: ['*'], tls: server }],
      })
    const own = { serverCertificate: '/s.pem', privateKey: '/s-key.pem', caCertificates: '/ca.pem' }
    const paths = (server: ServerTls) => asked(gateway(server)).files.map(({ path }) => path)
    expect(paths({ mode: 'MUTUAL', ...own })).toEqual(['/s.pem', '/s-key.pem', '/ca.pem'])
    expect(paths({ mode: 'SIMPLE', ...own })).toEqual(['/s.pem', '/s-key.pem'])
    expect(paths({ mode: 'SIMPLE', ...own, credentialName: 'shop' })).toEqual([])
    expect(paths({ mode: 'PASSTHROUGH', ...own })).toEqual([])
    const pair = { serverCertificate: '/r.pem', privateKey: '/r-key.pem' }
    expect(asked(gateway({ mode: 'MUTUAL', tlsCertificates: [pair, own] })).found).toEqual(
      ['0/serverCertificate', '0/privateKey', '1/serverCertificate', '1/privateKey', '1/caCertificates'].map(
        (field) => `RUT2058 warning /spec/servers/0/tls/tlsCertificates/${field}`,
      ),
    )
    expect(paths({ mode: 'MUTUAL', ...own, caCertCredentialName: 'ca' })).toEqual(['/s.pem', '/s-key.pem'])
    expect(asked(gateway({ mode: 'SIMPLE', ...own })).found).toEqual([
      'RUT2058 warning /spec/servers/0/tls/serverCertificate',
      'RUT2058 warning /spec/servers/0/tls/privateKey',
      'RUT2011 warning /spec/servers/0/tls/caCertificates',
    ])
  })

  test('T9: of the settings the authorities that they name, and workload certificates where any are shown', () => {
    const settings = (spec: MeshSettingsSpec) => stored('MeshSettings', 'mesh', spec).resource
    expect(asked(settings({ trustedCaPath: '/trusted.pem' })).found).toEqual([
      'RUT2058 warning /spec/trustedCaPath',
    ])
    expect(asked(settings({ authPolicy: 'MUTUAL_TLS' })).found).toEqual(['RUT2058 warning /spec/authPolicy'])
    const named = settings({ authPolicy: 'MUTUAL_TLS', certificatesPath: '/run/certs/' })
    expect(asked(named, { kind: 'expired' }).found).toEqual(
      Array(3).fill('RUT2054 warning /spec/certificatesPath'),
    )
    expect(asked(named).files).toEqual([
      { path: '/run/certs/cert-chain.pem', holds: 'certificate' },
      { path: '/run/certs/key.pem', holds: 'key', of: '/run/certs/cert-chain.pem' },
      { path: '/run/certs/root-cert.pem', holds: 'authorities' },
    ])
    const unused = settings({ certificatesPath: '/run/certs' })
    expect(asked(unused, { others: [service('a')] }).files).toEqual([])
    const safe = stored('Service', 'a', {
      ports: [{ name: 'http', port: 80, authPolicy: 'enable' }],
    }).resource
    expect(asked(unused, { others: [safe] }).found).toEqual(['RUT2058 warning /spec/certificatesPath'])
  })
})
