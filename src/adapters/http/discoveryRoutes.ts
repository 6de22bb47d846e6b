import type { FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { xdsClusterName } from '../../agent/bootstrap.ts'
import { type DiscoveryQuestion, readDiscoveryRequest } from '../../codecs/discoveryRequest.ts'
import { type ConfigurableType, configurableTypes, typeUrlOf } from '../../model/xds.ts'
import type { Controller, ShownResource } from '../../ports.ts'
import { contentHash } from '../../wire/contentHash.ts'
import { type HttpProblem, problem } from './problem.ts'
import type { Answer, Route } from './route.ts'
import { discoveryBody, discoverySchema } from './schemas.ts'

/** Envoy's discovery over REST, for Envoys that ask again and again instead of holding a stream: `POST
 *  /v3/discovery:clusters` and its like (envoy/service/{cluster,endpoint,listener,route}/v3). They count for no fleet:
 *  what they make of an answer they do not say. */
export const discoveryRoutes = (controller: Controller): readonly Route[] =>
  configurableTypes.map((type) => ({
    method: 'POST',
    // Two colons are one to the router.
    url: `/v3/discovery::${type}`,
    reads: ['application/json'],
    bodyLimitBytes: 1024 * 1024,
    access: 'read',
    described: {
      summary: `The ${type} of a proxy, as Envoy asks for them over REST`,
      tag: 'discovery',
      body: discoveryBody,
      response: discoverySchema,
    },
    answer: (request) => answer(controller, type, request),
  }))

const answer = (
  controller: Controller,
  type: ConfigurableType,
  { body }: FastifyRequest,
): Either<HttpProblem, Answer> => {
  if (!(body instanceof Uint8Array) || body.length === 0)
    return left(problem('empty-body', 'the body is empty; send a DiscoveryRequest'))
  const question = readDiscoveryRequest(body)
  if (isLeft(question)) return left(problem('malformed', question.left))
  const { proxy, metadata, names, version, typeUrl } = question.right
  if (typeUrl !== undefined && typeUrl !== '' && typeUrl !== typeUrlOf[type])
    return left(problem('malformed', `this path answers ${typeUrlOf[type]}, not ${typeUrl}`))
  const asked = new Set(names)
  const resources = controller
    .intended(proxy, type, controller.snapshot(), metadata)
    .filter((resource) => asked.size === 0 || asked.has(nameOf(resource)))
    .map((resource) => ({ '@type': typeUrlOf[type], ...overRest(resource, question.right) }))
  const current = contentHash(JSON.stringify(resources))
  if (current === version) return right({ status: 304 })
  return right({ body: { version_info: current, resources, type_url: typeUrlOf[type] } })
}

const nameOf = (resource: ShownResource): string => String(resource['name'] ?? resource['cluster_name'] ?? '')

// How often an Envoy asks for what resources name, and how long it waits for an answer.
const refreshDelay = '1s'
const requestTimeout = '5s'

/** A generated resource sends Envoy to its stream for what it names, which an Envoy over REST does not have. What a bare
 *  node gets stays as its author wrote it. */
const overRest = (resource: ShownResource, { proxy, restCluster }: DiscoveryQuestion): ShownResource => {
  if (proxy.type === 'bare') return resource
  const source = {
    api_config_source: {
      api_type: 'REST',
      transport_api_version: 'V3',
      cluster_names: [restCluster ?? xdsClusterName],
      refresh_delay: refreshDelay,
      request_timeout: requestTimeout,
    },
  }
  const replaced = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replaced)
    if (typeof value !== 'object' || value === null) return value
    if ('ads' in value && 'resource_api_version' in value) {
      const { ads: _, ...rest } = value
      return { ...source, ...rest }
    }
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one)]))
  }
  return replaced(resource) as ShownResource
}
