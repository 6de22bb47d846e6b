import { type RequestListener, type Server, STATUS_CODES } from 'node:http'
import { createServer } from 'node:https'
import type { Socket } from 'node:net'
import fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Registry } from 'prom-client'
import type { Controller } from '../../ports.ts'
import { accessGuard } from './accessGuard.ts'
import { addRoutes, guard } from './addRoutes.ts'
import { configRoutes } from './configRoutes.ts'
import { discoveryRoutes } from './discoveryRoutes.ts'
import { describeRoutes, serveDocs } from './docs.ts'
import { eventRoutes } from './eventRoutes.ts'
import { explainRoutes } from './explainRoutes.ts'
import { fastifyProblem } from './fastifyProblem.ts'
import { type Check, healthRoutes } from './healthRoutes.ts'
import { hostGuard } from './hostGuard.ts'
import { httpMetrics } from './httpMetrics.ts'
import type { KnownTokens } from './knownTokens.ts'
import { type ProblemCode, problem, problemType } from './problem.ts'
import { proxyRoutes } from './proxyRoutes.ts'
import type { Route } from './route.ts'
import { sendProblem } from './send.ts'
import { stateRoutes } from './stateRoutes.ts'
import { v1Routes } from './v1Routes.ts'
import { writeRoutes } from './writeRoutes.ts'

export type HttpAppOptions = {
  /** Where it will listen: on loopback, foreign `Host` headers are refused. */
  readonly host: string
  /** Names besides loopback's that `Host` and `Origin` may carry; without port. */
  readonly allowedHosts?: readonly string[]
  /** Who may ask; without, everybody may, as `anonymous`. */
  readonly tokens?: KnownTokens
  /** What is shown over TLS, in PEM; plain HTTP without. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer }
  readonly metrics: Registry
  readonly version: string
  /** Routes of other rooms, beside these. */
  readonly routes?: readonly Route[]
  /** Ends streams and waits, and readiness. */
  readonly stop: AbortSignal
  /** What readiness looks at besides the log. */
  readonly checks?: () => readonly Check[]
  /** Takes what operators should know; one line each. */
  readonly log: (line: string) => void
  /** Connections at one time, 4,096 by default; one more is closed at once. */
  readonly mostConnections?: number
  readonly mostReaders?: number
  readonly heartbeatMs?: number
  readonly stalledMs?: number
}

/** The HTTP API over `controller`, not yet listening. */
export const httpApp = async (controller: Controller, options: HttpAppOptions): Promise<FastifyInstance> => {
  const {
    host,
    allowedHosts = [],
    metrics: registry,
    version,
    stop,
    log,
    tokens,
    checks,
    routes = [],
  } = options
  const { mostConnections = 4096, mostReaders = 256, heartbeatMs = 15_000, stalledMs = 30_000 } = options
  const metrics = httpMetrics(registry)
  const app = bareApp(log, options.tls)
  app.server.maxConnections = mostConnections
  const refusal = hostGuard({ host, allowedHosts })
  app.addHook(
    'onRequest',
    guard(({ method, url, headers: { host: name, origin } }) => refusal({ method, url, host: name, origin })),
  )
  app.decorateRequest('actor', 'anonymous')
  if (tokens !== undefined) app.addHook('onRequest', guard(accessGuard(tokens)))
  app.addHook('onSend', (_request, reply, payload, done) => {
    reply.header('x-content-type-options', 'nosniff')
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
    done(null, payload)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    metrics.requests.inc({ method: request.method, route, status: String(reply.statusCode) })
    done()
  })
  await describeRoutes(app, version, tokens !== undefined)
  const own: readonly Route[] = [
    ...configRoutes(controller),
    ...writeRoutes(controller),
    ...proxyRoutes(controller),
    ...explainRoutes(controller),
    ...discoveryRoutes(controller),
    ...v1Routes(controller),
    ...stateRoutes(controller, stop),
    ...eventRoutes(controller, { metrics, mostReaders, heartbeatMs, stalledMs, stop, log }),
    ...healthRoutes(controller, { metrics: registry, version, stop, ...(checks && { checks }) }),
  ]
  addRoutes(app, [...own, ...routes], () => controller.ready())
  await serveDocs(app)
  return app
}

const requestTimeoutMs = 60_000
const handshakeTimeoutMs = 10_000

const bareApp = (log: (line: string) => void, tls: HttpAppOptions['tls']): FastifyInstance => {
  const app = fastify({
    logger: false,
    requestTimeout: requestTimeoutMs,
    ...(tls === undefined ? {} : { serverFactory: overTls(tls) }),
    return503OnClosing: false,
    routerOptions: { maxParamLength: 16_384 },
    frameworkErrors: (error, _request, reply) => sendProblem(reply, fastifyProblem(error)),
    clientErrorHandler,
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  // Schemas only describe: the codecs decode, and answers go out as they are.
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (data) => JSON.stringify(data))
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const answer = fastifyProblem(error)
    if (answer.status >= 500) log(`${request.method} ${request.url} failed: ${error.stack ?? String(error)}`)
    sendProblem(reply, answer)
  })
  app.setNotFoundHandler((request, reply) =>
    sendProblem(reply, problem('unknown-path', `nothing is at ${request.url.split('?', 1)[0]}`)),
  )
  return app
}

/** Fastify sets the limits of servers that it makes itself alone. */
const overTls =
  ({ cert, key }: NonNullable<HttpAppOptions['tls']>) =>
  (handler: RequestListener): Server =>
    createServer(
      {
        cert,
        key,
        minVersion: 'TLSv1.2',
        handshakeTimeout: handshakeTimeoutMs,
        requestTimeout: requestTimeoutMs,
        keepAliveTimeout: 72_000,
      },
      handler,
    )

const codeOfClientError: Readonly<Record<string, ProblemCode>> = {
  HPE_HEADER_OVERFLOW: 'headers-too-large',
  ERR_HTTP_REQUEST_TIMEOUT: 'timed-out',
}

/** What Node's parser cannot read is answered by hand: there is no request yet. */
const clientErrorHandler = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, body } = problem(codeOfClientError[error.code ?? ''] ?? 'bad-request', 'this is not HTTP')
  const text = JSON.stringify(body)
  const headers = `content-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close`
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${headers}\r\n\r\n${text}`)
}
