import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from '@bufbuild/protobuf'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { typeUrlOf } from '../../src/model/xds.ts'
import type { XdsResponse } from '../../src/model/xdsMessage.ts'
import {
  decodeDeltaRequest,
  decodeSotwRequest,
  encodeDeltaResponse,
  encodeSotwResponse,
} from '../../src/wire/discovery.ts'
import { descriptors } from './descriptors.ts'
import { encoded } from './encoded.ts'

const schemaOf = (name: string) => {
  const schema = descriptors.getMessage(`envoy.service.discovery.v3.${name}`)
  if (schema === undefined) throw new Error(name)
  return schema
}
const bytesOf = (name: string, json: JsonValue) =>
  toBinary(schemaOf(name), fromJson(schemaOf(name), json, { registry: descriptors }))
const jsonOf = (name: string, bytes: Uint8Array) =>
  toJson(schemaOf(name), fromBinary(schemaOf(name), bytes), {
    registry: descriptors,
    useProtoFieldName: true,
  })

const node = {
  id: 'sidecar~10.1.0.1~a.default~default.svc.cluster.local',
  cluster: 'reviews',
  metadata: {
    'rutter.dev/http-proxy': '127.0.1.1:15002',
    'rutter.dev/labels': { app: 'reviews', n: [1, true, null] },
  },
  // Envoy lists all its extensions: most of the 61 kB.
  extensions: Array.from({ length: 300 }, (_, i) => ({
    name: `extension-${i}`,
    category: 'envoy.filters.http',
  })),
}

const resource = (name: string) => {
  const bytes = encoded(typeUrlOf.clusters, { name, connect_timeout: '1s' })
  return { name, version: `version of ${name}`, bytes: () => bytes, causes: [] }
}
const response: XdsResponse = {
  type: 'clusters',
  version: 'v7',
  nonce: '42',
  resources: [resource('a'), resource('b')],
  removed: ['gone', 'gone too'],
}
const shown = (name: string) => ({ '@type': typeUrlOf.clusters, name, connect_timeout: '1s' })

describe('discovery', () => {
  test('W16: a state-of-the-world request is read with its node’s id and metadata', () => {
    const bytes = bytesOf('DiscoveryRequest', {
      versionInfo: '7',
      node,
      resourceNames: ['a', 'b'],
      typeUrl: typeUrlOf.endpoints,
      responseNonce: 'n1',
      errorDetail: { code: 13, message: 'no', details: [{ '@type': typeUrlOf.clusters, name: 'x' }] },
    })
    expect(decodeSotwRequest(bytes)).toEqual({
      typeUrl: typeUrlOf.endpoints,
      node: { id: node.id, metadata: node.metadata },
      nonce: 'n1',
      error: { code: 13, message: 'no' },
      body: { protocol: 'sotw', version: '7', names: ['a', 'b'] },
    })
  })

  test('W16: a delta request is read with what the client held', () => {
    const bytes = bytesOf('DeltaDiscoveryRequest', {
      node,
      typeUrl: typeUrlOf.clusters,
      resourceNamesSubscribe: ['a', '*'],
      resourceNamesUnsubscribe: ['b'],
      initialResourceVersions: { a: '1', __proto__x: '2', c: '' },
      responseNonce: 'n',
    })
    expect(decodeDeltaRequest(bytes)).toEqual({
      typeUrl: typeUrlOf.clusters,
      node: { id: node.id, metadata: node.metadata },
      nonce: 'n',
      body: {
        protocol: 'delta',
        subscribe: ['a', '*'],
        unsubscribe: ['b'],
        initialVersions: new Map([
          ['a', '1'],
          ['__proto__x', '2'],
          ['c', ''],
        ]),
      },
    })
  })

  test('W16: an empty request is one without node, names and error', () => {
    expect(decodeSotwRequest(new Uint8Array())).toEqual({
      typeUrl: '',
      nonce: '',
      body: { protocol: 'sotw', version: '', names: [] },
    })
    expect(decodeDeltaRequest(new Uint8Array()).node).toBeUndefined()
  })

  test('W17: malformed bytes throw an Error that says where, never anything else', () => {
    const good = bytesOf('DiscoveryRequest', { node, typeUrl: typeUrlOf.clusters, resourceNames: ['a'] })
    expect(() => decodeSotwRequest(good.subarray(0, good.length - 1))).toThrow(
      /malformed protobuf at byte \d+/,
    )
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        for (const decode of [decodeSotwRequest, decodeDeltaRequest]) {
          try {
            decode(bytes)
          } catch (error) {
            expect(String(error)).toMatch(/^Error: malformed protobuf at byte \d+: /)
          }
        }
      }),
      { seed: 3, numRuns: 3000 },
    )
  })

  test('W18: a state-of-the-world response holds the resources’ bytes as they are', () =>
    expect(jsonOf('DiscoveryResponse', encodeSotwResponse(response))).toEqual({
      version_info: 'v7',
      nonce: '42',
      type_url: typeUrlOf.clusters,
      resources: [shown('a'), shown('b')],
    }))

  test('W18: a delta response names each resource and its version, and what is gone', () =>
    expect(jsonOf('DeltaDiscoveryResponse', encodeDeltaResponse(response))).toEqual({
      system_version_info: 'v7',
      nonce: '42',
      type_url: typeUrlOf.clusters,
      resources: ['a', 'b'].map((name) => ({ name, version: `version of ${name}`, resource: shown(name) })),
      removed_resources: ['gone', 'gone too'],
    }))

  test('W18: a resource whose bytes are encoded on demand, in the midst of the response', () => {
    const lazy = {
      ...resource('c'),
      bytes: () => encoded(typeUrlOf.clusters, { name: 'c', connect_timeout: '1s' }),
    }
    const both = { ...response, resources: [resource('a'), lazy] }
    expect(jsonOf('DiscoveryResponse', encodeSotwResponse(both))).toMatchObject({
      resources: [shown('a'), shown('c')],
    })
  })
})
