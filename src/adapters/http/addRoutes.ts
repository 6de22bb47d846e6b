import { METHODS } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest, onRequestHookHandler } from 'fastify'
import { unreadableBody } from './mediaType.ts'
import { unknownParameter } from './parameters.ts'
import { type HttpProblem, problem } from './problem.ts'
import type { Described, Route } from './route.ts'
import { problemSchema } from './schemas.ts'
import { send, sendProblem } from './send.ts'

/** Adds `routes` to `app`, and to each of their paths an answer for every other method: 204 to OPTIONS, else 405,
 *  both with `Allow`. `isReady` says whether routes that need the log may answer. */
export const addRoutes = (app: FastifyInstance, routes: readonly Route[], isReady: () => boolean): void => {
  for (const method of METHODS) if (!app.supportedMethods.includes(method)) addMethod(app, method)
  const byUrl = new Map<string, Route[]>()
  for (const route of routes) byUrl.set(route.url, [...(byUrl.get(route.url) ?? []), route])
  for (const [url, its] of byUrl) {
    for (const route of its) addRoute(app, route, isReady)
    addOthers(app, url, its)
  }
}

const addMethod = (app: FastifyInstance, method: string): void => {
  // CONNECT never reaches a router: Node hands its socket over instead.
  if (method !== 'CONNECT') app.addHttpMethod(method)
}

const addRoute = (app: FastifyInstance, route: Route, isReady: () => boolean): void => {
  const { method, url, bodyLimitBytes, access, described } = route
  app.route({
    method,
    url,
    ...(bodyLimitBytes === undefined ? {} : { bodyLimit: bodyLimitBytes }),
    schema: schemaOf(described),
    config: { access },
    onRequest: guard((request) => refusalOf(route, request, isReady)),
    handler: async (request, reply) => {
      if ('take' in route) await route.take(request, reply)
      else send(reply, await route.answer(request))
      return reply
    },
  })
}

const refusalOf = (
  route: Route,
  request: FastifyRequest,
  isReady: () => boolean,
): HttpProblem | undefined => {
  if (route.beforeReady !== true && !isReady())
    return problem('not-ready', 'the log is not folded up to its end yet', {
      headers: { 'retry-after': '1' },
    })
  const stranger = unknownParameter(request, route.query ?? [])
  if (stranger !== undefined) return stranger
  return route.reads === undefined ? undefined : unreadableBody(request.headers, route.reads)
}

/** A hook that sends the problem that `refusal` finds, before a body is read. */
export const guard =
  (refusal: (request: FastifyRequest) => HttpProblem | undefined): onRequestHookHandler =>
  (request: FastifyRequest, reply: FastifyReply, done) => {
    const found = refusal(request)
    if (found === undefined) done()
    else sendProblem(reply, found)
  }

const addOthers = (app: FastifyInstance, url: string, routes: readonly Route[]): void => {
  const methods = routes.map(({ method }) => method as string)
  const known = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].sort()
  const headers = { allow: known.join(', ') }
  const refused = problem('method-not-allowed', `the path takes ${headers.allow}`, { headers })
  app.route({
    method: app.supportedMethods.filter((method) => method === 'OPTIONS' || !known.includes(method)),
    url,
    schema: { hide: true },
    // As a hook, so that no body is waited for.
    onRequest: (request, reply) => {
      if (request.method === 'OPTIONS') reply.code(204).headers(headers).send()
      else sendProblem(reply, refused)
    },
    handler: async (_request, reply) => reply,
  })
}

const schemaOf = (described: Described | undefined): object => {
  if (described === undefined) return { hide: true }
  const { tag, response, ...rest } = described
  const ok = { description: 'It is so', ...(response ?? {}) }
  const problems = { description: 'A problem (RFC 9457)', ...problemSchema }
  return { ...rest, tags: [tag], response: { 200: ok, '4xx': problems, '5xx': problems } }
}
