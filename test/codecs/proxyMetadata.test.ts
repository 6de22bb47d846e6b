import { expect, test } from 'vitest'
import { parseProxyMetadata } from '../../src/codecs/proxyMetadata.ts'

test('C51 the HTTP proxy, the labels and further addresses are read, the rest is left alone', () => {
  const metadata = {
    'rutter.dev/http-proxy': '127.0.1.1:15002',
    'rutter.dev/labels': { app: 'x' },
    'rutter.dev/ips': ['10.1.0.7', 'fd00:0:0::7'],
    other: [1],
  }
  expect(parseProxyMetadata(metadata)).toEqual({
    metadata: {
      httpProxy: { address: '127.0.1.1', port: 15002 },
      labels: { app: 'x' },
      ips: ['10.1.0.7', 'fd00::7'],
    },
    problems: [],
  })
  expect(parseProxyMetadata({ 'rutter.dev/http-proxy': '[::1]:80' }).metadata.httpProxy).toEqual({
    address: '::1',
    port: 80,
  })
  expect(parseProxyMetadata(undefined)).toEqual({ metadata: {}, problems: [] })
})

test('C51 what is not understood counts as absent and is told', () => {
  const metadata = {
    'rutter.dev/http-proxy': 'localhost:15002',
    'rutter.dev/labels': { app: 1, version: 'v1' },
  }
  expect(parseProxyMetadata(metadata)).toEqual({
    metadata: { labels: { version: 'v1' } },
    problems: [
      'rutter.dev/http-proxy is no text such as "127.0.1.1:15002".',
      'The label app in rutter.dev/labels is no text.',
    ],
  })
  for (const ips of ['10.1.0.7', ['10.1.0.7', 'localhost'], ['::'], [7]])
    expect(parseProxyMetadata({ 'rutter.dev/ips': ips })).toEqual({
      metadata: {},
      problems: ['rutter.dev/ips is no list of IP addresses such as ["10.1.0.7", "fd00::7"].'],
    })
  expect(parseProxyMetadata({ 'rutter.dev/labels': [] }).problems).toEqual([
    'rutter.dev/labels is no map of texts.',
  ])
  expect(parseProxyMetadata('x').problems).toEqual(['The node metadata is no map.'])
})

test('C51 labels have no prototype', () => {
  const labels = parseProxyMetadata(JSON.parse('{"rutter.dev/labels":{"__proto__":"x"}}')).metadata.labels
  expect(Object.getPrototypeOf(labels)).toBeNull()
  expect(Object.keys(labels ?? {})).toEqual(['__proto__'])
})
