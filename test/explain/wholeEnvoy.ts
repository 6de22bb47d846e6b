import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectPlain, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import type { Emitted } from '../../src/explain/emitted.ts'
import type { Json } from '../../src/explain/json.ts'
import { certificates } from '../certificates.ts'
import { startStaticEnvoy } from '../projections/staticEnvoy.ts'
import { type Answered, answerIn } from './answerIn.ts'
import { type Pem, startTellingApplication } from './tellingApplication.ts'

/** A connection as its client makes it, and what it sends. */
export type Sent = {
  readonly direction: 'INBOUND' | 'OUTBOUND'
  readonly from: string
  readonly to: string
  readonly port: number
  /** The name in TLS; '' asks for none, `undefined` speaks in plain text. */
  readonly serverName: string | undefined
  readonly head: string
}

export type WholeEnvoy = {
  /** What comes back; `undefined` where the connection is closed without an answer. */
  ask(sent: Sent): Promise<Answered | undefined>
  stop(): Promise<void>
}

/** An Envoy that has all that a proxy is given, with the routes filled in. Whoever connects says by the PROXY protocol
 *  where he was going: so Envoy finds the listener by itself, as for captured connections, and no address is bound.
 *  Behind each cluster stands one application at an address of the cluster's own, which tells what it saw, over TLS
 *  too. */
export const startWholeEnvoy = async ({ listeners, routes, clusters }: Emitted): Promise<WholeEnvoy> => {
  const directory = mkdtempSync(join(tmpdir(), 'rutter-whole-'))
  const { cert, key } = certificates(directory)
  const pem = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
  const application = startTellingApplication(pem)
  const port = await application.port
  const addresses = new Map(clusters.map((cluster, i) => [String(cluster['name']), addressOf(i)]))
  const names = new Map([...addresses].map(([name, address]) => [address, name]))
  const entrance = (direction: string): string => join(directory, direction)
  const envoy = await startStaticEnvoy(
    clusters.map((cluster) => clusterAt(cluster, addresses.get(String(cluster['name'])) ?? '', port)),
    [
      ...listeners
        .filter((one) => one['use_original_dst'] !== true)
        .map((listener) => filledIn({ ...listener, bind_to_port: false }, routes, pem)),
      // After those that they lead to: Envoy opens one after the other.
      ...(['INBOUND', 'OUTBOUND'] as const).map((direction) =>
        entranceJson(
          direction,
          entrance(direction),
          listeners.find((one) => one['use_original_dst'] === true && one['traffic_direction'] === direction),
        ),
      ),
    ],
  )
  return {
    ask: async ({ direction, ...sent }) => {
      const answered = await ask(entrance(direction), sent)
      const { address, ...rest } = answered ?? {}
      if (answered === undefined) return undefined
      const cluster = address === undefined ? undefined : names.get(address)
      return { ...rest, ...(cluster === undefined ? {} : { cluster }) } as Answered
    },
    stop: async () => {
      await envoy.stop()
      application.stop()
      rmSync(directory, { recursive: true })
    },
  }
}

const addressOf = (i: number): string => `127.${10 + (i >> 14)}.${(i >> 7) & 127}.${(i & 127) + 1}`

const clusterAt = (cluster: Json, address: string, port_value: number): Json => {
  // Envoy puts the name of the chosen endpoint into requests where a route says so.
  const [, hostname] = /"hostname":"([^"]*)"/.exec(JSON.stringify(cluster)) ?? []
  const [, dns] =
    cluster['type'] === 'STRICT_DNS' || cluster['type'] === 'LOGICAL_DNS'
      ? (/"socket_address":\{"address":"([^"]*)"/.exec(JSON.stringify(cluster)) ?? [])
      : []
  const name = hostname ?? dns
  const endpoint = {
    address: { socket_address: { address, port_value } },
    ...(name === undefined ? {} : { hostname: name }),
  }
  return {
    name: cluster['name'],
    type: 'STATIC',
    connect_timeout: '5s',
    circuit_breakers: {
      thresholds: [{ max_requests: 100_000, max_pending_requests: 100_000, max_retries: 100 }],
    },
    load_assignment: {
      cluster_name: cluster['name'],
      endpoints: [{ lb_endpoints: [{ endpoint }] }],
    },
  }
}

const filters = 'type.googleapis.com/envoy.extensions.filters'

const closed: Json = {
  name: 'closed',
  filters: [
    {
      name: 'envoy.filters.network.tcp_proxy',
      typed_config: {
        '@type': `${filters}.network.tcp_proxy.v3.TcpProxy`,
        stat_prefix: 'closed',
        cluster: 'none',
      },
    },
  ],
}

/** A listener that hands connections on to the listener of where they were going. A socket of this kind has no
 *  destination that the kernel could know better. */
const entranceJson = (direction: string, path: string, virtual: Json | undefined): Json => ({
  name: `entrance ${direction}`,
  address: { pipe: { path } },
  use_original_dst: true,
  listener_filters: [
    {
      name: 'envoy.filters.listener.proxy_protocol',
      typed_config: { '@type': `${filters}.listener.proxy_protocol.v3.ProxyProtocol` },
    },
  ],
  filter_chains: virtual?.['filter_chains'] ?? [],
  default_filter_chain: virtual?.['default_filter_chain'] ?? closed,
})

// Adds what tells the route, shows a certificate of ours, and changes nothing else.
const filledIn = (listener: Json, routes: readonly Json[], { cert, key }: Pem): Json =>
  JSON.parse(JSON.stringify(listener), (name, value) => {
    if (name === 'route_config') return observed(value)
    if (value?.rds !== undefined) {
      const { rds, ...rest } = value
      const found = routes.find((one) => one['name'] === rds.route_config_name)
      return { ...rest, route_config: observed(found ?? {}) }
    }
    if (name !== 'common_tls_context') return value
    return {
      ...(value.alpn_protocols === undefined ? {} : { alpn_protocols: value.alpn_protocols }),
      tls_certificates: [{ certificate_chain: { inline_string: cert }, private_key: { inline_string: key } }],
    }
  })

const observed = (routes: Json): Json => ({
  ...routes,
  validate_clusters: false,
  response_headers_to_add: [{ header: { key: 'x-route', value: '%ROUTE_NAME%' } }],
})

const ask = (
  path: string,
  { from, to, port, serverName, head }: Omit<Sent, 'direction'>,
): Promise<(Answered & { readonly address?: string }) | undefined> =>
  new Promise((resolve) => {
    let said = ''
    const plain = connectPlain({ path })
    const family = to.includes(':') ? 'TCP6' : 'TCP4'
    plain.on('error', () => {}).write(`PROXY ${family} ${from} ${to} 40000 ${port}\r\n`)
    const socket: Socket =
      serverName === undefined
        ? plain
        : connectTls({
            socket: plain,
            rejectUnauthorized: false,
            ALPNProtocols: ['http/1.1'],
            ...(serverName === '' ? {} : { servername: serverName }),
          })
    const end = (): void => {
      clearTimeout(late)
      resolve(answerIn(said))
      socket.destroy()
      plain.destroy()
    }
    const late = setTimeout(end, 10_000)
    socket.on('error', end).on('close', end).setEncoding('latin1')
    plain.on('close', end)
    socket.on('data', (text: string) => {
      said = (said + text).replace(/^HTTP\/1\.1 100.*?\r\n\r\n/s, '')
      if (said.includes('\r\n\r\n')) end()
    })
    socket.write(head, 'latin1')
  })
