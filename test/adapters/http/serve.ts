import { Registry } from 'prom-client'
import { onTestFinished } from 'vitest'
import { type HttpServer, type HttpServerOptions, httpServer } from '../../../src/adapters/http/httpServer.ts'
import { type MiniController, type MiniOptions, miniController } from './miniController.ts'

export type Served = {
  readonly controller: MiniController
  readonly server: HttpServer
  readonly registry: Registry
  readonly logged: string[]
  /** Asks `path` of the server. */
  ask(path: string, init?: RequestInit): Promise<Asked>
}

export type Asked = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are JSON of many shapes
  readonly body: any
}

/** A server on a free port over a controller of its own; both end with the test. */
export const serve = async (
  options: MiniOptions & Partial<HttpServerOptions> & { readonly controller?: MiniController } = {},
): Promise<Served> => {
  const controller = options.controller ?? miniController(options)
  const registry = new Registry()
  const logged: string[] = []
  const server = await httpServer(controller, {
    host: '127.0.0.1',
    port: 0,
    metrics: registry,
    version: '0.0.0',
    log: (line) => logged.push(line),
    ...options,
  })
  onTestFinished(async () => {
    await server.close()
    await controller.close()
  })
  return { controller, server, registry, logged, ask: (path, init) => ask(`${server.url}${path}`, init) }
}

const ask = async (url: string, init: RequestInit = {}): Promise<Asked> => {
  const response = await fetch(url, init)
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '')
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
  }
}

export const json = (
  method: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): RequestInit => ({
  method,
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

export const yaml = (
  method: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): RequestInit => ({
  method,
  headers: { 'content-type': 'application/yaml', ...headers },
  body,
})
