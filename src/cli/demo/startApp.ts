import { Agent, createServer, type IncomingMessage, type Server } from 'node:http'
import { ask } from './ask.ts'
import type { Place, Workload } from './bookinfo.ts'

/** Who took part in an answer: the version of every service that was asked; `failed` where one did not answer well. */
export type Answered = { readonly versions: Readonly<Record<string, string>>; readonly failed: boolean }

export type App = { close(): Promise<void> }

/** The application of a workload, on its own address: it asks others through the HTTP proxy of its Envoy, and answers
 *  with an `Answered`. Rejects when its address cannot be bound. */
export const startApp = async (workload: Workload, place: Place): Promise<App> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  const server = createServer((request, response) => {
    answer(workload, place, agent, request).then((answered) => {
      response.statusCode = answered.failed ? 502 : 200
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(answered))
    })
  })
  server.keepAliveTimeout = 120_000
  await listen(server, workload.appAddress, place.port)
  return {
    close: async () => {
      agent.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const listen = (server: Server, host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })

const answer = async (
  { service, version, address, asks }: Workload,
  { port, httpProxyPort }: Place,
  agent: Agent,
  request: IncomingMessage,
): Promise<Answered> => {
  const user = request.headers['end-user']
  const headers = typeof user === 'string' ? { 'end-user': user } : {}
  const answers = await Promise.all(
    asks.map((asked) =>
      ask(agent, {
        host: address,
        port: httpProxyPort,
        authority: `${asked}:${port}`,
        path: `/${asked}/0`,
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
