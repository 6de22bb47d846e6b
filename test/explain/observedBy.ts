import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from '../../src/explain/json.ts'
import type { AskedRequest } from '../../src/model/askedRequest.ts'
import { startStaticEnvoy } from '../projections/staticEnvoy.ts'

/** What a real Envoy did with a request. */
export type Observed = {
  readonly status: number
  readonly location?: string
  /** The route that Envoy says it took. */
  readonly route?: string
  /** Where a cluster's endpoint was reached, and what it saw. */
  readonly reached?: { readonly cluster: string; readonly path: string; readonly authority: string }
}

export type ObservingEnvoy = {
  ask(listener: string, request: AskedRequest): Promise<Observed>
  stop(): Promise<void>
}

/** An Envoy with these listeners (their `rds` filled in from `routes`) and a cluster for each of `clusters`, behind all
 *  of which stands one application that tells what it saw. */
export const startObservingEnvoy = async (
  listeners: readonly Json[],
  routes: readonly Json[],
  clusters: readonly string[],
): Promise<ObservingEnvoy> => {
  const echo = createServer((request, response) => {
    request.resume()
    response.writeHead(200, { 'x-path': request.url ?? '', 'x-authority': request.headers.host ?? '' }).end()
  })
  echo.on('upgrade', (request, socket) => {
    // Whoever hangs up first, the answer is there.
    socket.on('error', () => {})
    const seen = `x-path: ${request.url}\r\nx-authority: ${request.headers.host}`
    socket.end(`HTTP/1.1 200 OK\r\n${seen}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
  })
  await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done))
  const { port } = echo.address() as AddressInfo
  const envoy = await startStaticEnvoy(
    clusters.map((name) => clusterOf(name, port)),
    listeners.filter((one) => one['use_original_dst'] !== true).map((listener) => inlined(listener, routes)),
  )
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  const ports = new Map<string, number>()
  return {
    ask: async (listener, request) => {
      const at = ports.get(listener) ?? (await envoy.port(listener))
      ports.set(listener, at)
      return ask(agent, at, request)
    },
    stop: async () => {
      agent.destroy()
      await envoy.stop()
      echo.closeAllConnections()
      await new Promise((done) => echo.close(done))
    },
  }
}

const clusterOf = (name: string, port: number): Json => ({
  name,
  type: 'STATIC',
  connect_timeout: '5s',
  circuit_breakers: {
    thresholds: [{ max_requests: 100_000, max_pending_requests: 100_000, max_retries: 100 }],
  },
  load_assignment: {
    cluster_name: name,
    endpoints: [
      {
        lb_endpoints: [
          { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } },
        ],
      },
    ],
  },
})

// Adds what tells the route and the cluster, and changes nothing else.
const inlined = (listener: Json, routes: readonly Json[]): Json =>
  JSON.parse(JSON.stringify(listener), (key, value) => {
    // What is captured is bound here, to be asked at a port of its own.
    if (key === 'bind_to_port') return true
    if (value?.rds !== undefined) {
      const { rds, ...rest } = value
      return {
        ...rest,
        route_config: observed(routes.find((one) => one['name'] === rds.route_config_name) ?? {}),
      }
    }
    // Any free port of this machine.
    return key === 'socket_address' ? { address: '127.0.0.1', port_value: 0 } : value
  })

const observed = (routes: Json): Json => ({
  ...routes,
  validate_clusters: false,
  response_headers_to_add: [
    { header: { key: 'x-cluster', value: '%UPSTREAM_CLUSTER%' } },
    { header: { key: 'x-route', value: '%ROUTE_NAME%' } },
  ],
})

const ask = (agent: Agent, port: number, { method, url, headers }: AskedRequest): Promise<Observed> => {
  const path = url.replace(/^http:\/\/[^/]*/, '')
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      {
        agent,
        host: '127.0.0.1',
        port,
        method,
        path,
        // Line by line: as a map Node would make one line of several cookies.
        headers: Object.entries(headers).flatMap(([name, value]) =>
          [value].flat().flatMap((one) => [name, one]),
        ),
      },
      (response) => {
        response.resume()
        response.on('end', () => resolve(observedIn(response)))
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

const observedIn = ({ statusCode = 0, headers }: IncomingMessage): Observed => {
  const [path, authority, cluster, route] = ['x-path', 'x-authority', 'x-cluster', 'x-route'].map(
    (name) => headers[name],
  )
  return {
    status: statusCode,
    ...(headers.location === undefined ? {} : { location: headers.location }),
    ...(route === undefined || route === '-' ? {} : { route: String(route) }),
    ...(path === undefined
      ? {}
      : { reached: { cluster: String(cluster), path: String(path), authority: String(authority) } }),
  }
}
