import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
  type ServerResponse,
} from 'node:http'
import { bootstrap } from '../../src/agent/bootstrap.ts'
import type { LogPlace } from '../../src/cli/openLog.ts'
import { type StartedController, startController } from '../../src/cli/startController.ts'
import type { Waited } from '../../src/model/fleet.ts'
import type { ProxyType } from '../../src/model/proxy.ts'
import type { Resource } from '../../src/model/resource.ts'
import { ownNet } from '../ownNet.ts'
import { startEnvoy, type TestEnvoy } from './envoyHarness.ts'

/** What a client saw. */
export type Answer = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly ms: number
}

/** One workload: its application, and the Envoy beside it when it has one. */
export type Workload = {
  readonly name: string
  /** Where callers reach it. */
  readonly address: string
  readonly node: string
  readonly envoy: TestEnvoy | undefined
  readonly instance: Resource<'Instance'>
  /** Requests that its application answered. */
  served(): number
  /** Sends a request through its Envoy's HTTP proxy. */
  get(authority: string, path?: string, headers?: Record<string, string>, method?: string): Promise<Answer>
  stop(): Promise<void>
}

export type WorkloadOptions = {
  readonly service: string
  readonly version?: string
  /** Of its Envoy; default sidecar. */
  readonly type?: ProxyType
  /** False: no Envoy beside it; callers reach its application itself. */
  readonly sidecar?: boolean
  readonly labels?: Readonly<Record<string, string>>
  /** Envoy's runtime, such as `re2.max_program_size.error_level`. */
  readonly runtime?: Readonly<Record<string, unknown>>
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void
}

export type Mesh = {
  readonly url: string
  workload(name: string, options: WorkloadOptions): Promise<Workload>
  /** PUTs a resource; resolves with the position. Rejects when it is refused. */
  put(resource: unknown): Promise<number>
  /** In the namespace `default`, where none is given. */
  remove(kind: string, name: string, namespace?: string): Promise<number>
  json<T>(path: string): Promise<T>
  /** Waits until every proxy has acknowledged `position`, or the end, and goes by it; also those that the controller does
   *  not hear of now, unless their workload was stopped. */
  settled(position?: number): Promise<void>
  /** Stops the workloads, and the controller where it is this one's own. */
  stop(): Promise<void>
}

/** A mesh with a controller of its own. */
export type OwnMesh = Mesh & { readonly started: StartedController }

let block = 0
const nextAddresses = (): { readonly outer: string; readonly inner: string } => {
  block += 1
  return { outer: `${ownNet}.${block}.1`, inner: `${ownNet}.${block}.2` }
}

const appPort = 9080
const httpProxyPort = 15_002
const settledWithinMs = 15_000

/** A controller in this process, on a log (default: in memory), to be filled with workloads and rules. */
export const startMesh = async (
  envoyPath: string,
  log: LogPlace = 'memory',
  more: { readonly secrets?: string } = {},
): Promise<OwnMesh> => {
  const started = await startController({
    log,
    http: { host: '127.0.0.1', port: 0 },
    xds: { host: '127.0.0.1', port: 0 },
    version: 'test',
    ...more,
    notice: () => {},
    lost: (reason) => {
      throw reason
    },
  })
  const mesh = meshBehind(started.http.url, envoysAt(envoyPath, started.xds.port))
  return {
    ...mesh,
    started,
    stop: async () => {
      await mesh.stop()
      await started.close()
    },
  }
}

/** What runs beside a workload for its proxy. */
export type Beside = (proxy: {
  readonly name: string
  readonly node: string
  readonly httpProxy: { readonly address: string; readonly port: number }
  readonly runtime: WorkloadOptions['runtime']
}) => Promise<{ readonly envoy?: TestEnvoy; stop(): Promise<void> }>

/** Envoys that connect to the controller whose xDS is on a port of loopback. */
export const envoysAt =
  (envoyPath: string, xdsPort: number): Beside =>
  async ({ node, httpProxy, runtime }) => {
    const made = bootstrap({
      node,
      xds: { host: '127.0.0.1', port: xdsPort },
      metadata: { httpProxy },
      admin: { path: '/moved/by/the/harness' },
    })
    const options = { envoy: envoyPath, bootstrap: withRuntime(made, runtime), until: 'started' } as const
    const envoy = await startEnvoy(options)
    return { envoy, stop: () => envoy.stop() }
  }

/** The mesh of a controller that somebody else runs, whose HTTP API is at what `url` gives. */
export const meshBehind = (url: string | (() => string), beside: Beside): Mesh => {
  const base = (): string => (typeof url === 'string' ? url : url())
  const workloads: Workload[] = []
  /** By node, those of the workloads that run and have an Envoy. */
  const proxies = new Map<string, Workload>()

  const call = async (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${base()}${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })

  const positionOf = async (response: Response): Promise<number> => {
    const text = await response.text()
    if (!response.ok) throw new Error(`${response.status}: ${text}`)
    return (JSON.parse(text) as { position: number }).position
  }

  const mesh: Mesh = {
    get url() {
      return base()
    },
    workload: async (name, options) => {
      const started = await startWorkload(name, options, beside)
      const workload: Workload = {
        ...started,
        stop: async () => {
          proxies.delete(started.node)
          await started.stop()
        },
      }
      workloads.push(workload)
      if (options.sidecar !== false) proxies.set(started.node, workload)
      await mesh.put(workload.instance)
      return workload
    },
    put: async (resource) => {
      const { kind, metadata } = resource as Resource
      return positionOf(
        await call(
          'PUT',
          `/api/v1/config/${kind}/${metadata.namespace ?? 'default'}/${metadata.name}`,
          resource,
        ),
      )
    },
    remove: async (kind, name, namespace = 'default') =>
      positionOf(await call('DELETE', `/api/v1/config/${kind}/${namespace}/${name}`)),
    json: async <T>(path: string) => (await (await call('GET', path)).json()) as T,
    settled: async (position) => {
      const query = position === undefined ? '' : `position=${position}&`
      const untilMs = performance.now() + settledWithinMs
      for (;;) {
        const waited = await mesh.json<Waited>(`/api/v1/wait?${query}timeout=15s`)
        if (waited.pending > 0 || waited.rejected > 0)
          throw new Error(`not settled: ${JSON.stringify(waited)}`)
        const heard = new Set(waited.proxies.filter(({ state }) => state !== 'silent').map(({ id }) => id))
        const silent = [...proxies.keys()].filter((node) => !heard.has(node))
        if (silent.length === 0) return void (await Promise.all([...proxies.values()].map(goesByIt)))
        // The controller waits for those that are there; an Envoy that is on its way back is not.
        if (performance.now() >= untilMs) throw new Error(`not settled: nothing is heard of ${silent}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    stop: async () => {
      await Promise.all(workloads.map((workload) => workload.stop()))
    },
  }
  return mesh
}

const startWorkload = async (name: string, options: WorkloadOptions, beside: Beside): Promise<Workload> => {
  const { outer, inner } = nextAddresses()
  let served = 0
  const app = createServer((request, response) => {
    served += 1
    if (options.answer !== undefined) options.answer(request, response)
    else response.end(`${options.service} ${options.version ?? ''}`.trim())
  })
  app.keepAliveTimeout = 60_000
  await new Promise<void>((resolve, reject) => {
    app.once('error', reject)
    app.listen(appPort, inner, resolve)
  })
  const node = `${options.type ?? 'sidecar'}~${outer}~${name}.default~default.svc.cluster.local`
  const sidecar = options.sidecar !== false
  const proxy = sidecar
    ? await beside({
        name,
        node,
        httpProxy: { address: outer, port: httpProxyPort },
        runtime: options.runtime,
      })
    : undefined
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const address = sidecar ? outer : inner
  return {
    name,
    address,
    node,
    envoy: proxy?.envoy,
    instance: {
      apiVersion: 'rutter.dev/v1',
      kind: 'Instance',
      metadata: { name, namespace: 'default' },
      spec: {
        service: options.service,
        address,
        labels: { ...(options.version === undefined ? {} : { version: options.version }), ...options.labels },
        ports: { http: { port: appPort, app: `${inner}:${appPort}` } },
      },
    },
    served: () => served,
    get: (authority, path = '/', headers = {}, method = 'GET') =>
      ask(agent, {
        host: outer,
        port: httpProxyPort,
        path,
        method,
        headers: { ...headers, host: authority },
      }),
    stop: async () => {
      agent.destroy()
      await proxy?.stop()
      app.closeAllConnections()
      await new Promise((resolve) => app.close(resolve))
    },
  }
}

/** Resolves when the worker of an Envoy has come to what its main thread has acknowledged: by then it has answered a
 *  request, whatever that was. Some have no explicit proxy to ask. */
const goesByIt = async ({ address }: Workload): Promise<void> => {
  const headers = { host: 'nobody.invalid' }
  const asked = { host: address, port: httpProxyPort, method: 'GET', path: '/', headers, timeout: 1_000 }
  await ask(new Agent(), asked).catch(() => undefined)
}

const ask = (agent: Agent, options: RequestOptions): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const request = httpRequest({ agent, timeout: 60_000, ...options }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text: string) => {
        body += text
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
          ms: performance.now() - startedAt,
        }),
      )
      response.on('error', reject)
    })
    request.on('timeout', () => request.destroy(new Error('no answer within 60 s')))
    request.on('error', reject)
    request.end()
  })

// The last layer wins.
const withRuntime = (made: ReturnType<typeof bootstrap>, runtime: WorkloadOptions['runtime']): object => {
  if (runtime === undefined) return made
  const { layers } = made['layered_runtime'] as { layers: readonly object[] }
  return { ...made, layered_runtime: { layers: [...layers, { name: 'test', static_layer: runtime }] } }
}
