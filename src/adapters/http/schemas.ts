// What the documentation at /api/docs says of parameters, bodies and answers. Nothing is validated by it.

const text = { type: 'string' }
const position = { type: 'integer', description: 'position in the log' }

const record = (properties: Readonly<Record<string, object>>): object => ({ type: 'object', properties })
const listOf = (items: object): object => ({ type: 'array', items })
const oneOf = (...names: string[]): object => ({ type: 'string', enum: names })

/** The parameters in a path pattern, as text. */
export const namePath = (url: string): object =>
  record(Object.fromEntries([...url.matchAll(/:(\w+)/g)].map(([, name = '']) => [name, text])))

export const atQuery = record({
  at: { type: 'string', description: 'a position, or a time (RFC 3339): the last entry at or before it' },
})

export const dryRunQuery = record({
  dryRun: { ...oneOf('true', 'false'), description: 'true: answers as the write would, appends nothing' },
})

export const eventsQuery = record({
  from: { type: 'integer', minimum: 1, description: 'first position, included; Last-Event-ID wins' },
  limit: { type: 'integer', minimum: 1, maximum: 100_000, default: 10_000, description: 'of a page of JSON' },
})

export const waitQuery = record({
  position: { type: 'integer', description: 'default: the end of the log' },
  timeout: { type: 'string', description: 'a duration, at most 1h', default: '30s' },
})

const diagnostic = record({
  code: text,
  message: text,
  severity: oneOf('error', 'warning', 'info'),
  path: text,
  line: { type: 'integer' },
  column: { type: 'integer' },
})

export const resourceSchema = record({
  apiVersion: text,
  kind: text,
  metadata: record({ name: text, namespace: text }),
  spec: { type: 'object' },
})

export const documentBody = { description: 'one document, or several as YAML stream, JSON array or List' }

export const listSchema = record({ position, items: listOf(resourceSchema) })

const written = {
  outcome: oneOf('created', 'changed', 'unchanged', 'removed'),
  position,
  resource: resourceSchema,
  diagnostics: listOf(diagnostic),
}

export const writtenSchema = record(written)

export const batchSchema = record({ position, items: listOf(record(written)) })

export const diagnosticsSchema = record({
  position,
  items: listOf(record({ kind: text, namespace: text, name: text, diagnostics: listOf(diagnostic) })),
  reports: listOf(record({ source: text, diagnostics: listOf(diagnostic) })),
})

export const snapshotSchema = record({ position, hash: text })

export const eventsSchema = record({
  items: listOf(record({ position, hash: text, events: listOf({ type: 'object' }) })),
  next: { type: 'integer', description: 'where the next page begins, when there is more' },
})

export const proxySchema = record({
  id: text,
  type: oneOf('sidecar', 'ingress', 'router', 'bare'),
  connected: { type: 'boolean' },
  state: oneOf('synced', 'pending', 'rejected', 'silent'),
  ackedPosition: position,
  rejections: listOf(record({ typeUrl: text, resource: text, message: text, cause: { type: 'object' } })),
})

export const proxiesSchema = record({ position, proxies: listOf(proxySchema) })

export const shownSchema = record({
  position,
  proxy: text,
  items: listOf({ type: 'object', description: "Envoy's canonical JSON" }),
})

const askedSchema = record({
  method: { ...text, default: 'GET' },
  url: { ...text, description: 'absolute, http or https' },
  socket: { ...text, description: "where it is sent in place of the URL's host: a path, or @name" },
  headers: { type: 'object', description: 'text, or a list of texts; host counts before the URL' },
})

export const explainBody = record({
  proxy: { ...text, description: 'a node id' },
  at: { description: 'a position, or a time (RFC 3339)' },
  requests: listOf(askedSchema),
})

export const explainedSchema = record({
  items: listOf(
    record({
      position,
      proxy: text,
      request: askedSchema,
      outcome: record({
        type: oneOf('cluster', 'redirect', 'direct', 'abort', 'none'),
        clusters: listOf(record({ name: text, weight: { type: 'integer' } })),
        path: text,
        authority: text,
        status: { type: 'integer' },
        location: text,
      }),
      rule: {
        ...record({
          kind: text,
          namespace: text,
          name: text,
          position,
          file: text,
          line: { type: 'integer' },
        }),
        description: 'what made the route that won, or null',
      },
      steps: {
        ...listOf(record({ at: text, name: text, matched: { type: 'boolean' }, why: text })),
        description: 'what was tried; the last is the winner, or where the way ends',
      },
    }),
  ),
})

const waitedStates = ['acknowledged', 'unaffected', 'rejected', 'pending', 'silent']

export const waitedSchema = record({
  position,
  ...Object.fromEntries(waitedStates.map((state) => [state, { type: 'integer' }])),
  proxies: listOf(record({ id: text, state: oneOf(...waitedStates) })),
})

export const problemSchema = record({
  type: text,
  title: text,
  status: { type: 'integer' },
  code: text,
  detail: text,
  problems: listOf(
    record({
      code: text,
      message: text,
      file: text,
      line: { type: 'integer' },
      column: { type: 'integer' },
      path: text,
    }),
  ),
})

export const discoveryBody = {
  ...record({
    version_info: { ...text, description: 'as it was answered last' },
    node: record({ id: text, metadata: { type: 'object' } }),
    resource_names: listOf(text),
    type_url: text,
  }),
  description: 'envoy.service.discovery.v3.DiscoveryRequest; 304 where the version is still the same',
}

export const discoverySchema = record({
  version_info: text,
  resources: listOf({ type: 'object' }),
  type_url: text,
})
