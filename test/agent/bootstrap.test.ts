import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runCli } from '../cli/runCli.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'

const envoy = await envoyOrSkip()
const node = 'sidecar~127.0.1.1~web.default~default.svc.cluster.local'

describe('rutter bootstrap', () => {
  let directory = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'rutter-bootstrap-'))
    const openssl = promisify(execFile)
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=rutter']
    await openssl(
      'openssl',
      ['req', '-x509', ...key, '-days', '2', '-keyout', 'key.pem', '-out', 'cert.pem'],
      {
        cwd: directory,
      },
    )
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const made = async (...args: string[]): Promise<string> => {
    const { code, out, err } = await runCli(['bootstrap', ...args])
    expect(err).toBe('')
    expect(code).toBe(0)
    return out
  }

  const validate = async (bootstrap: string): Promise<string> => {
    const path = join(directory, 'envoy.yaml')
    await writeFile(path, bootstrap)
    const { stdout, stderr } = await promisify(execFile)(envoy.path, ['--mode', 'validate', '-c', path])
    return stdout + stderr
  }

  const tls = () =>
    ['ca', 'cert', 'key'].flatMap((name) => [
      `--xds-${name}`,
      join(directory, name === 'key' ? 'key.pem' : 'cert.pem'),
    ])

  test.skipIf(envoy.skip).each<readonly [string, () => string[]]>([
    ['an IP', () => ['--xds', '127.0.0.1:15010']],
    ['a name', () => ['--xds', 'rutter.example:15010']],
    ['IPv6', () => ['--xds', '[::1]:15010', '--admin', '[::1]:9901']],
    ['TLS to a name', () => ['--xds', 'rutter.example:15010', ...tls()]],
    ['TLS to an IP', () => ['--xds', '10.0.0.1:15010', ...tls()]],
    [
      'metadata',
      () =>
        ['--xds', '127.0.0.1:1', '--http-proxy', '127.0.1.1:15002', '--labels', 'version=1.0,on=n'].concat(
          '--ips',
          '10.1.0.7,fd00::7',
        ),
    ],
  ])('K15: Envoy accepts the bootstrap for %s', async (_, args) => {
    expect(await validate(await made('--node', node, ...args()))).toContain('OK')
  })

  test('K15: texts that YAML readers take for something else are in quotes', async () => {
    const text = await made('--node', 'on', '--xds', '127.0.0.1:1', '--labels', 'version=1.0,yes=n')
    expect(text).toContain('id: "on"')
    expect(text).toMatch(/version: "1\.0"/)
    expect(parse(text).node.metadata).toEqual({ 'rutter.dev/labels': { version: '1.0', yes: 'n' } })
  })

  test('K15: further addresses of the workload are told in canonical form', async () => {
    const text = await made('--node', node, '--xds', '127.0.0.1:1', '--ips', '10.1.0.7,fd00:0:0::7')
    expect(parse(text).node.metadata).toEqual({ 'rutter.dev/ips': ['10.1.0.7', 'fd00::7'] })
  })

  test('K15: what each hot restart and lost controller needs is in it', async () => {
    const { dynamic_resources: dynamic, admin } = parse(await made('--node', node, '--xds', '127.0.0.1:1'))
    expect(dynamic.cds_config.initial_fetch_timeout).toBe('0s')
    expect(dynamic.lds_config.initial_fetch_timeout).toBe('0s')
    expect(dynamic.ads_config).toMatchObject({
      api_type: 'DELTA_GRPC',
      set_node_on_first_message_only: true,
      grpc_services: [
        { envoy_grpc: { retry_policy: { retry_back_off: { base_interval: '0.1s', max_interval: '1s' } } } },
      ],
    })
    expect(admin.address.pipe.path.length).toBeLessThan(108)
    expect(admin.address.pipe.mode).toBe(0o600)
  })
})
