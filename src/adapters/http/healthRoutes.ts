import { right } from 'fp-ts/lib/Either.js'
import type { Registry } from 'prom-client'
import type { Controller } from '../../ports.ts'
import type { Route } from './route.ts'

/** One thing that readiness looks at. */
export type Check = { readonly name: string; readonly ok: boolean; readonly detail: string }

export type HealthOptions = {
  readonly metrics: Registry
  readonly version: string
  /** Ends readiness first when the server is about to close. */
  readonly stop: AbortSignal
  /** What else there is to look at. */
  readonly checks?: () => readonly Check[]
}

/** What orchestrators and monitoring ask: alive, ready, figures, version. Answered whatever state the log is in. */
export const healthRoutes = (controller: Controller, options: HealthOptions): readonly Route[] => [
  {
    method: 'GET',
    url: '/healthz',
    access: 'open',
    beforeReady: true,
    described: { summary: 'The process lives', tag: 'operation' },
    answer: () => right({ type: text, body: 'ok\n' }),
  },
  {
    method: 'GET',
    url: '/readyz',
    query: ['verbose'],
    access: 'open',
    beforeReady: true,
    described: {
      summary: 'The log is folded up to its end as of start; ?verbose lists the checks',
      tag: 'operation',
      querystring: { type: 'object', properties: { verbose: { type: 'string' } } },
    },
    answer: (request) => {
      const checks = [
        { name: 'log', ok: controller.ready(), detail: `folded up to ${controller.snapshot().position}` },
        { name: 'open', ok: !options.stop.aborted, detail: 'takes requests until it is told to stop' },
        ...(options.checks?.() ?? []),
      ]
      const ready = checks.every(({ ok }) => ok)
      const status = ready ? 200 : 503
      const verbose = (request.query as Readonly<Record<string, unknown>>)['verbose']
      if (verbose !== undefined && verbose !== 'false') return right({ status, body: { ready, checks } })
      return right({ status, type: text, body: ready ? 'ready\n' : 'not ready\n' })
    },
  },
  {
    method: 'GET',
    url: '/metrics',
    beforeReady: true,
    described: { summary: 'Figures for Prometheus', tag: 'operation' },
    answer: async () => right({ type: options.metrics.contentType, body: await options.metrics.metrics() }),
  },
  {
    method: 'GET',
    url: '/api/v1/version',
    beforeReady: true,
    described: { summary: 'Version of the controller', tag: 'operation' },
    answer: () => right({ body: { version: options.version, node: process.versions.node } }),
  },
]

const text = 'text/plain; charset=utf-8'
