import { Agent, createServer, type IncomingMessage, type Server } from 'node:http'
import type { HostPort } from '../../agent/bootstrap.ts'
import { ask } from './ask.ts'

/** An application of the demo, and how it reaches others. */
export type AppOptions = {
  readonly service: string
  readonly version: string
  readonly listen: HostPort
  /** The HTTP proxy of the Envoy beside it. */
  readonly proxy: HostPort
  /** Authorities that it asks before it answers, such as `ratings:9080`. */
  readonly asks: readonly string[]
}

/** Who took part in an answer: the version of every service that was asked; `failed` where one did not answer well. */
export type Answered = { readonly versions: Readonly<Record<string, string>>; readonly failed: boolean }

export type App = { close(): Promise<void> }

/** An application that asks others through the HTTP proxy of its Envoy, and answers with an `Answered`. Rejects when its
 *  address cannot be bound. */
export const startApp = async (options: AppOptions): Promise<App> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const server = createServer((request, response) => {
    answer(options, agent, request).then((answered) => {
      response.statusCode = answered.failed ? 502 : 200
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(answered))
    })
  })
  server.keepAliveTimeout = 120_000
  await listen(server, options.listen)
  return {
    close: async () => {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const listen = (server: Server, { host, port }: HostPort): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })

const answer = async (
  { service, version, proxy, asks }: AppOptions,
  agent: Agent,
  request: IncomingMessage,
): Promise<Answered> => {
  const user = request.headers['end-user']
  const headers = typeof user === 'string' ? { 'end-user': user } : {}
  const answers = await Promise.all(
    asks.map((asked) =>
      ask(agent, {
        ...proxy,
        authority: asked,
        path: `/${asked.replace(/:.*/, '')}/0`,
        headers,
      }).then(
        ({ body }) => readAnswered(body),
        () => failure,
      ),
    ),
  )
  return {
    versions: Object.assign({ [service]: version }, ...answers.map(({ versions }) => versions)),
    failed: answers.some(({ failed }) => failed),
  }
}

const failure: Answered = { versions: {}, failed: true }

/** What an application of the demo answered; an error page of an Envoy is a failure. */
export const readAnswered = (body: string): Answered => {
  if (!body.startsWith('{"versions"')) return failure
  return JSON.parse(body) as Answered
}
