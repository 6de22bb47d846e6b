import { isLeft } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { readResources } from '../../src/codecs/readResources.ts'
import { resourceToYaml } from '../../src/codecs/resourceToYaml.ts'
import { corpus } from './corpus.ts'

const resourcesOf = (input: string) => {
  const read = readResources([{ input, format: 'yaml' }])
  if (isLeft(read)) throw new Error(JSON.stringify(read.left))
  return read.right.map(({ resource }) => resource)
}

test.each(corpus)('C61 what is written reads back equal: %s', (text) => {
  for (const resource of resourcesOf(text)) {
    expect(resourcesOf(resourceToYaml(resource))).toEqual([resource])
    // Readers of YAML 1.1 (Envoy, kubectl) must see the same.
    expect(parse(resourceToYaml(resource), { version: '1.1' })).toEqual(JSON.parse(JSON.stringify(resource)))
  }
})

test('C61 texts that YAML 1.1 takes for something else are put in quotes', () => {
  const labels = {
    a: 'on',
    b: 'n',
    c: '1_000',
    d: '2020-01-01',
    e: '0x1f',
    f: '1:30',
    g: '~',
    h: '012',
    y: 'x',
  }
  const service = {
    apiVersion: 'rutter.dev/v1',
    kind: 'Service',
    metadata: { name: 'a', namespace: 'b', labels },
  }
  const text = resourceToYaml({ ...service, spec: { ports: [{ name: 'http', port: 80 }] } } as never)
  expect(parse(text, { version: '1.1' }).metadata.labels).toEqual(labels)
  expect(text.endsWith('\n')).toBe(true)
})
