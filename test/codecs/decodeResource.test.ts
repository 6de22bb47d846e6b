import { isLeft } from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { readResources } from '../../src/codecs/readResources.ts'
import { problemsOf } from './problemsOf.ts'

const resourcesOf = (input: string) => {
  const read = readResources([{ input, format: 'yaml' }])
  if (isLeft(read)) throw new Error(JSON.stringify(read.left))
  return read.right
}

const messagesOf = (input: string) => {
  const read = readResources([{ input, format: 'yaml' }])
  return isLeft(read) ? read.left.problems.map(({ message }) => message) : []
}

const service =
  'apiVersion: rutter.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: http, port: 80}]}\n'

describe('C20 apiVersion and kind', () => {
  test.each([
    ['no map', 'foo', '1:1 RUT1303'],
    ['no kind', 'a: 1', '1:1 RUT1302 /kind'],
    ['a kind that is no text', 'kind: 1', '1:7 RUT1303 /kind'],
    ['an unknown kind', 'apiVersion: v1\nkind: Pod', '2:7 RUT1201 /kind'],
    ['no apiVersion', 'kind: Service', '1:1 RUT1202 /apiVersion'],
    ["another group's kind", 'apiVersion: v1\nkind: Service', '1:13 RUT1202 /apiVersion'],
    ['a kind in another case', 'apiVersion: rutter.dev/v1\nkind: service', '2:7 RUT1201 /kind'],
  ])('C20 %s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem])
  })

  test('C20 the nearest known kind is named', () => {
    expect(messagesOf('kind: RuteRule')).toEqual(['Unknown kind "RuteRule". Did you mean "RouteRule"?'])
    expect(messagesOf('apiVersion: v1\nkind: Service')).toEqual([
      'A Service has the apiVersion rutter.dev/v1; found the text "v1".',
    ])
  })

  test.each(['v1', 'v1beta1', 'v1alpha3'])('C20 a Sidecar is read as %s', (version) => {
    const text = `apiVersion: networking.istio.io/${version}\nkind: Sidecar\nmetadata: {name: a}\nspec: {}`
    expect(problemsOf(text)).toEqual([])
  })
})

describe('C21 unknown keys', () => {
  test('C21 at their own place, with the nearest', () => {
    const text = service.replace('{name: http, port: 80}', '{name: http, port: 80, protocl: HTTP}')
    expect(problemsOf(text)).toEqual(['4:39 RUT1301 /spec/ports/0/protocl'])
    expect(messagesOf(text)).toEqual(['Unknown key "protocl" in a port. Did you mean "protocol"?'])
  })

  test.each(['spek: 1', 'metadat: {}', 'data: x'])('C21 at the top: %s', (line) => {
    expect(problemsOf(`${service}${line}`)).toEqual([`5:1 RUT1301 /${line.split(':')[0]}`])
  })

  test('C2 problems of all levels come together, those of other documents too', () => {
    const text =
      'apiVersion: rutter.dev/v1\nkind: Service\nmetadata: {name: A}\nspec:\n  prots: []\n---\nkind: X\n---\na: [\n'
    expect(problemsOf(text)).toEqual([
      '3:18 RUT1304 /metadata/name',
      '5:3 RUT1301 /spec/prots',
      '5:3 RUT1302 /spec/ports',
      '7:7 RUT1201 /kind',
      '10:1 RUT1001',
    ])
  })

  test('C21 what stands in an alias is told where it was written', () => {
    const text = `${service.replace('{ports:', '{hostname: &h A.b, externalName: *h, ports:')}`
    expect(problemsOf(text)).toEqual(['4:21 RUT1305 /spec/hostname', '4:21 RUT1305 /spec/externalName'])
  })
})

describe('C22 canonical resources', () => {
  test('C22 namespace and protocol are filled in and set right, order does not matter', () => {
    const text =
      'spec:\n  ports:\n  - {protocol: hTTp2, port: 80, name: x}\nmetadata: {name: a}\nkind: Service\napiVersion: rutter.dev/v1'
    expect(resourcesOf(text)).toEqual([
      {
        resource: {
          apiVersion: 'rutter.dev/v1',
          kind: 'Service',
          metadata: { name: 'a', namespace: 'default' },
          spec: { ports: [{ name: 'x', port: 80, protocol: 'HTTP2' }] },
        },
      },
    ])
  })

  test('C22 an IPv6 address has one spelling, that of the node ids it is compared with', () => {
    const instance = (address: string) =>
      resourcesOf(
        `apiVersion: rutter.dev/v1\nkind: Instance\nmetadata: {name: a}\nspec: {service: a, address: "${address}", ports: {}}`,
      )[0]?.resource.spec
    for (const address of ['fd00::20', 'fD00::20', 'fd00:0:0:0:0:0:0:20', 'fD00:0:0::0020'])
      expect(instance(address)).toMatchObject({ address: 'fd00::20' })
    expect(instance('10.1.0.4')).toMatchObject({ address: '10.1.0.4' })
  })

  test('C8 records that users key have no prototype', () => {
    const text = service.replace('{name: a}', '{name: a, labels: {constructor: x}}')
    const labels = resourcesOf(text)[0]?.resource.metadata.labels
    expect(Object.getPrototypeOf(labels)).toBeNull()
    expect(labels?.['constructor']).toBe('x')
    expect(labels?.['toString']).toBeUndefined()
  })
})

test('C8 a raw Envoy resource has no prototype at any level', () => {
  const text = `apiVersion: rutter.dev/v1
kind: EnvoyResource
metadata: {name: a}
spec:
  proxies: {all: true}
  resource:
    "@type": type.googleapis.com/envoy.config.cluster.v3.Cluster
    name: c
    metadata: {filter_metadata: {x: {constructor: [{a: 1}]}}}
`
  const resource = resourcesOf(text)[0]?.resource
  const prototypes: unknown[] = []
  JSON.stringify(resource?.kind === 'EnvoyResource' && resource.spec.resource, (_, value) => {
    if (typeof value === 'object' && !Array.isArray(value)) prototypes.push(Object.getPrototypeOf(value))
    return value
  })
  expect(prototypes).toEqual([null, null, null, null, null])
})

describe('C23 what a server writes', () => {
  test('C23 is dropped', () => {
    const written =
      '{name: a, uid: u, resourceVersion: "1", generation: 2, creationTimestamp: null, managedFields: [], selfLink: /x}'
    const [decoded] = resourcesOf(`${service.replace('{name: a}', written)}status: {ready: true}`)
    expect(decoded?.resource.metadata).toEqual({ name: 'a', namespace: 'default' })
    expect(decoded?.resource).not.toHaveProperty('status')
  })

  test.each(['ownerReferences: []', 'finalizers: [x]', 'generateName: x'])('C23 not %s', (line) => {
    expect(problemsOf(service.replace('{name: a}', `{name: a, ${line}}`))).toHaveLength(1)
  })
})

describe('C24 names', () => {
  const metadata = (text: string) => problemsOf(service.replace('{name: a}', text))
  test.each([
    ['{name: a.b-c.d}', []],
    [`{name: ${'a'.repeat(63)}}`, []],
    [`{name: ${'a'.repeat(64)}}`, ['3:18 RUT1304 /metadata/name']],
    [`{name: ${Array(64).fill('abc').join('.')}}`, ['3:18 RUT1304 /metadata/name']],
    ['{name: A}', ['3:18 RUT1304 /metadata/name']],
    ['{name: -a}', ['3:18 RUT1304 /metadata/name']],
    ['{name: a/b}', ['3:18 RUT1304 /metadata/name']],
    ['{name: ""}', ['3:18 RUT1304 /metadata/name']],
    ['{name: 1}', ['3:18 RUT1303 /metadata/name']],
    ['{}', ['3:11 RUT1302 /metadata/name']],
    ['{name: a, namespace: a.b}', ['3:32 RUT1304 /metadata/namespace']],
    ['{name: a, labels: {app.kubernetes.io/name: x_Y.z, empty: ""}}', []],
    [`{name: a, labels: {k: ${'v'.repeat(63)}}}`, []],
    [`{name: a, labels: {k: ${'v'.repeat(64)}}}`, ['3:33 RUT1308 /metadata/labels/k']],
    [`{name: a, labels: {${'k'.repeat(64)}: v}}`, [`3:30 RUT1308 /metadata/labels/${'k'.repeat(64)}`]],
    ['{name: a, labels: {a/b/c: v}}', ['3:30 RUT1308 /metadata/labels/a~1b~1c']],
    ['{name: a, labels: {A.b/c: v}}', ['3:30 RUT1308 /metadata/labels/A.b~1c']],
    ['{name: a, labels: {k: 1.10}}', ['3:33 RUT1303 /metadata/labels/k']],
    ['{name: a, labels: [k]}', ['3:29 RUT1303 /metadata/labels']],
    ['{name: a, annotations: {any: "text at all\\n"}}', []],
  ])('C24 %s', (text, problems) => {
    expect(metadata(text)).toEqual(problems)
  })

  test('C24 a number where a text belongs is told to want quotes', () => {
    expect(messagesOf(service.replace('{name: a}', '{name: a, labels: {version: 1.1}}'))).toEqual([
      'Expected a text (value), found the number 1.1; put it in quotes.',
    ])
  })
})

describe('C25 origins', () => {
  test('C25 file and line of each document', () => {
    const read = readResources([
      {
        input: `# one\n${service}---\n${service.replace('name: a', 'name: b')}`,
        format: 'yaml',
        file: 'a.yaml',
      },
      { input: '[\n{}\n]', format: 'json', file: 'b.json' },
    ])
    expect(isLeft(read) && read.left.problems).toEqual([
      expect.objectContaining({ file: 'b.json', line: 2, column: 1, code: 'RUT1302' }),
    ])
    const one = readResources([{ input: `# one\n${service}---\n${service}`, format: 'yaml', file: 'a.yaml' }])
    expect(isLeft(one) ? [] : one.right.map(({ origin }) => origin)).toEqual([
      { file: 'a.yaml', line: 2 },
      { file: 'a.yaml', line: 7 },
    ])
  })

  test('C10 all files of a batch count together', () => {
    const source = { input: `# ${'x'.repeat(2 ** 20)}`, format: 'yaml' as const }
    const read = readResources(Array(16).fill(source))
    expect(isLeft(read) && read.left).toMatchObject({ _tag: 'TooLarge', problems: [{ code: 'RUT1092' }] })
  })
})
