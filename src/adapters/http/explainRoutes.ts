import type { FastifyRequest } from 'fastify'
import { type Either, isLeft, left, right } from 'fp-ts/lib/Either.js'
import { type ExplainQuestion, readExplainQuestion } from '../../codecs/explainQuestion.ts'
import { parseNodeId } from '../../codecs/nodeId.ts'
import type { Emitted } from '../../explain/emitted.ts'
import { explain } from '../../explain/explain.ts'
import type { RuleName } from '../../explain/explanation.ts'
import { readRequest, type SentRequest } from '../../explain/sentRequest.ts'
import type { Snapshot } from '../../model/mesh.ts'
import type { ProxyIdentity } from '../../model/proxy.ts'
import type { Kind } from '../../model/resource.ts'
import { storedIn } from '../../model/storedIn.ts'
import type { Controller } from '../../ports.ts'
import { inSlices } from '../inSlices.ts'
import { positionHeader, snapshotOf } from './at.ts'
import { type HttpProblem, problem } from './problem.ts'
import { unreadableProblem } from './rejectionProblem.ts'
import type { Answer, Route } from './route.ts'
import { explainBody, explainedSchema } from './schemas.ts'

/** What becomes of requests at a proxy, whether it is connected or not, now and in the past. */
export const explainRoutes = (controller: Controller): readonly Route[] => [
  {
    method: 'POST',
    url: '/api/v1/explain',
    reads: ['application/json'],
    access: 'read',
    bodyLimitBytes: 1024 * 1024,
    described: {
      summary: 'What becomes of requests at a proxy, and why',
      tag: 'proxies',
      body: explainBody,
      response: explainedSchema,
    },
    answer: (request) => answer(controller, request),
  },
]

const answer = async (
  controller: Controller,
  { body }: FastifyRequest,
): Promise<Either<HttpProblem, Answer>> => {
  if (!(body instanceof Uint8Array) || body.length === 0)
    return left(problem('empty-body', 'the body is empty; send a question'))
  const question = readExplainQuestion(body)
  if (isLeft(question)) return left(unreadableProblem(question.left))
  const { at, proxy: node, requests } = question.right
  const proxy = parseNodeId(node)
  if (isLeft(proxy)) return left(problem('bad-node-id', proxy.left))
  const sent = sendable(requests)
  if (isLeft(sent)) return sent
  const snapshot = await snapshotOf(controller, at === undefined ? undefined : String(at))
  if (isLeft(snapshot)) return snapshot
  const emitted = emittedFor(controller, proxy.right, snapshot.right)
  const items = await inSlices(explaining(emitted, proxy.right, requests, sent.right, snapshot.right))
  return right({ headers: positionHeader(snapshot.right), body: { items } })
}

const sendable = (requests: ExplainQuestion['requests']): Either<HttpProblem, readonly SentRequest[]> => {
  const sent: SentRequest[] = []
  for (const [i, request] of requests.entries()) {
    const read = readRequest(request)
    if (isLeft(read)) return left(problem('invalid', `requests[${i}]: ${read.left}`))
    sent.push(read.right)
  }
  return right(sent)
}

const emittedFor = (controller: Controller, proxy: ProxyIdentity, snapshot: Snapshot): Emitted => ({
  listeners: controller.intended(proxy, 'listeners', snapshot),
  routes: controller.intended(proxy, 'routes', snapshot),
  clusters: controller.intended(proxy, 'clusters', snapshot),
  othersInBootstrap: proxy.type === 'bare',
})

function* explaining(
  emitted: Emitted,
  proxy: ProxyIdentity,
  requests: ExplainQuestion['requests'],
  sent: readonly SentRequest[],
  snapshot: Snapshot,
): Generator<undefined, readonly object[]> {
  const items: object[] = []
  for (const [i, one] of sent.entries()) {
    const { outcome, rule, steps } = explain(emitted, proxy, one)
    const { position } = snapshot
    items.push({
      position,
      proxy: proxy.node,
      request: requests[i],
      outcome,
      rule: ruleIn(snapshot, rule),
      steps,
    })
    yield
  }
  return items
}

/** The rule as it stands in the mesh: where it last changed, and the file that it came from. */
const ruleIn = ({ mesh }: Snapshot, named: RuleName | undefined): object | null => {
  const [kind = '', namespace = '', name = ''] = named?.rule.split('/') ?? []
  const stored = storedIn(mesh, { kind: kind as Kind, namespace, name })
  return stored === undefined ? null : { kind, namespace, name, position: stored.position, ...stored.origin }
}
