import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectPlain, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, onTestFinished, test } from 'vitest'
import { explain } from '../../src/explain/explain.ts'
import type { Json } from '../../src/explain/json.ts'
import { readRequest } from '../../src/explain/sentRequest.ts'
import { certificates } from '../certificates.ts'
import { randomFrom } from '../e2e/randomFrom.ts'
import { envoyOrSkip } from '../envoyOrSkip.ts'
import { startStaticEnvoy } from '../projections/staticEnvoy.ts'
import { type Draw, drawFrom } from './draw.ts'

const envoy = await envoyOrSkip()
const seed = Number(process.env['RUTTER_SEED'] ?? 20_261_128)
const listeners = 40

const hosts = ['a.test', 'b.test', 'x.a.test', 'y.x.a.test', 'test', 'other']
const types = 'type.googleapis.com/envoy.extensions'

/** Says its name to whoever gets through. */
const manager = (name: string): Json => ({
  name: 'http',
  typed_config: {
    '@type': `${types}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'chains',
    // Whoever speaks the wrong protocol is hung up on at once.
    delayed_close_timeout: '0.01s',
    route_config: {
      name,
      virtual_hosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            {
              name: 'r',
              match: { prefix: '/' },
              direct_response: { status: 200, body: { inline_string: name } },
            },
          ],
        },
      ],
    },
    http_filters: [{ name: 'router', typed_config: { '@type': `${types}.filters.http.router.v3.Router` } }],
  },
})

const randomChains = (draw: Draw, tls: Json): readonly Json[] => {
  const made = new Map<string, Json>()
  for (let i = 0; i < 5; i += 1) {
    const names = draw.chance(0.7)
      ? [draw.one(['a.test', '*.test', '*.a.test', 'x.a.test', '*.x.a.test', 'other'])]
      : []
    const transport = names.length > 0 ? draw.one(['', 'tls']) : draw.one(['', 'tls', 'raw_buffer'])
    const protocols = draw.chance(0.25) ? [draw.one(['h2', 'http/1.1', 'other'])] : []
    const match = {
      ...(names.length === 0 ? {} : { server_names: names }),
      ...(transport === '' ? {} : { transport_protocol: transport }),
      ...(protocols.length === 0 ? {} : { application_protocols: protocols }),
    }
    const encrypted = transport === 'tls' || (transport === '' && draw.chance(0.7))
    // Two chains of one match are refused by Envoy.
    made.set(JSON.stringify([names, transport, protocols]), {
      name: `chain-${i}`,
      filter_chain_match: match,
      filters: [manager(`chain-${i}`)],
      ...(encrypted ? { transport_socket: tls } : {}),
    })
  }
  return [...made.values()]
}

/** The chain that answers a connection for `host`, over TLS with its name or in plain text; '' where none does. */
const ask = (port: number, host: string, tls: boolean): Promise<string> =>
  new Promise((resolve) => {
    let said = ''
    const socket: Socket = tls
      ? connectTls({
          port,
          host: '127.0.0.1',
          servername: host,
          ALPNProtocols: ['h2', 'http/1.1'],
          rejectUnauthorized: false,
        })
      : connectPlain(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('close', () => resolve(/^HTTP\/1\.1 200[\s\S]*\r\n\r\n(.*)/.exec(said)?.[1] ?? ''))
    socket.on(tls ? 'secureConnect' : 'connect', () =>
      socket.write(`GET / HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`),
    )
    socket.setEncoding('utf8').on('data', (text) => {
      said += text
    })
  })

describe.skipIf(envoy.skip)('explain and the filter chains of a real Envoy', () => {
  test(`Q4: the same chain takes a connection, over TLS by its name and in plain text (seed ${seed})`, async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rutter-chains-'))
    onTestFinished(() => rmSync(directory, { recursive: true }))
    const { cert, key } = certificates(directory)
    const inline = (file: string) => ({ inline_string: readFileSync(file, 'utf8') })
    const tls: Json = {
      name: 'tls',
      typed_config: {
        '@type': `${types}.transport_sockets.tls.v3.DownstreamTlsContext`,
        common_tls_context: {
          tls_certificates: [{ certificate_chain: inline(cert), private_key: inline(key) }],
        },
      },
    }
    const draw = drawFrom(randomFrom(seed))
    const made: readonly Json[] = Array.from({ length: listeners }, (_, i) => ({
      name: `l${i}`,
      address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
      listener_filters: [
        {
          name: 'tls_inspector',
          typed_config: { '@type': `${types}.filters.listener.tls_inspector.v3.TlsInspector` },
        },
      ],
      filter_chains: randomChains(draw, tls),
    }))
    const running = await startStaticEnvoy([], made)
    onTestFinished(() => running.stop())
    const found: unknown[] = []
    let answered = 0
    for (const listener of made) {
      const port = await running.port(String(listener['name']))
      const place = { ...listener, address: { socket_address: { address: '0.0.0.0', port_value: port } } }
      const asked = hosts.flatMap((host) => [
        { host, scheme: 'https' },
        { host, scheme: 'http' },
      ])
      await Promise.all(
        asked.map(async ({ host, scheme }) => {
          const request = readRequest({ method: 'GET', url: `${scheme}://${host}:${port}/`, headers: {} })
          if (isLeft(request)) throw new Error(request.left)
          const emitted = { listeners: [place], routes: [], clusters: [], othersInBootstrap: false }
          const { outcome, steps } = explain(emitted, { type: 'bare', node: 'a' }, request.right)
          const chain = steps.find(({ at, matched }) => at === 'filterChain' && matched)?.name
          const expected = outcome.type === 'direct' ? (chain ?? '') : ''
          const observed = await ask(port, host, scheme === 'https')
          if (observed !== '') answered += 1
          if (observed !== expected) found.push({ host, scheme, expected, observed, steps, listener })
        }),
      )
    }
    expect(found, JSON.stringify(found.slice(0, 2))).toHaveLength(0)
    expect(answered).toBeGreaterThan(listeners)
  }, 120_000)
})
