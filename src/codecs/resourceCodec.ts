import { isLeft } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import type { Kind, Metadata, Resource } from '../model/resource.ts'
import type { KindInfo } from './kinds.ts'
import { choice } from './shapes/choice.ts'
import { type Codec, codec } from './shapes/codec.ts'
import { annotations, dnsLabel, dnsName, labels } from './shapes/names.ts'
import { isMap, optional, struct } from './shapes/struct.ts'
import { currentIngress } from './specs/formerIngress.ts'
import { specCodecs } from './specs/specCodecs.ts'

/** The codec of a whole resource of one kind. */
export const resourceCodec = (info: KindInfo): Codec<Resource> => {
  const found = byKind.get(info.kind) ?? build(info)
  byKind.set(info.kind, found)
  return found
}

const byKind = new Map<Kind, Codec<Resource>>()

const build = (info: KindInfo): Codec<Resource> => {
  const whole = struct<{ apiVersion: string; kind: Kind; metadata: Metadata; spec: unknown }>(info.kind, {
    apiVersion: choice('apiVersion', info.apiVersions),
    kind: choice('kind', [info.kind]),
    metadata,
    spec: specCodecs[info.kind] as Codec<unknown>,
  })
  return codec(info.kind, (input, context) => {
    const written = without(input, status)
    const read = whole.validate(info.kind === 'Ingress' ? currentIngress(written) : written, context)
    // The kind's own spec codec has read the spec, which TypeScript cannot follow through the table.
    return isLeft(read) ? read : t.success(read.right as Resource)
  })
}

type WrittenMetadata = Omit<Metadata, 'namespace'> & { readonly namespace?: string }

const written = struct<WrittenMetadata>('metadata', {
  name: dnsName('name'),
  namespace: optional(dnsLabel('namespace')),
  labels: optional(labels),
  annotations: optional(annotations),
})

const metadata: Codec<Metadata> = codec('metadata', (input, context) => {
  const read = written.validate(without(input, setByServer), context)
  if (isLeft(read)) return read
  const { name, namespace = 'default', ...rest } = read.right
  return t.success({ name, namespace, ...rest })
})

// What a Kubernetes API server writes into every object and `kubectl get` shows; nobody chooses it.
const setByServer: ReadonlySet<string> = new Set([
  'creationTimestamp',
  'generation',
  'managedFields',
  'resourceVersion',
  'selfLink',
  'uid',
])

const status: ReadonlySet<string> = new Set(['status'])

const without = (input: unknown, keys: ReadonlySet<string>): unknown =>
  isMap(input) && Object.keys(input).some((key) => keys.has(key))
    ? Object.fromEntries(Object.entries(input).filter(([key]) => !keys.has(key)))
    : input
