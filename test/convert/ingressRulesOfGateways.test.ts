import { expect, test } from 'vitest'
import { convert } from '../../src/convert/convert.ts'
import type { Resource } from '../../src/model/resource.ts'
import { istio } from '../projections/istio/following.ts'
import { service } from '../reducers/given.ts'

test('CV7: a host’s own rules go before those of wider hosts, which take what these leave', () => {
  const route = (name: string, prefix?: string) => ({
    ...(prefix === undefined ? {} : { match: [{ uri: { prefix } }] }),
    route: [{ destination: { host: name, port: { number: 9080 } } }],
    timeout: '15s',
  })
  const atEdge = (name: string, host: string, http: readonly object[]) =>
    istio('VirtualService', name, { hosts: [host], gateways: ['edge'], http })
  // Where a server names a host, rules of wider ones are for it too.
  const hosts = ['shop.example.com', '*.example.com', '*']
  const { resources, losses } = convert(
    [
      ...['all', 'cart', 'wide'].map((name) => service(name)),
      istio('Gateway', 'edge', {
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts }],
      }),
      // By their names they would be tried the other way around.
      atEdge('a', '*', [route('all')]),
      atEdge('b', '*.example.com', [route('wide', '/wide')]),
      atEdge('c', 'shop.example.com', [route('cart', '/cart')]),
    ],
    'v1alpha2',
    'cluster.local',
  )
  const tried = resources
    .filter((one): one is Resource<'IngressRule'> => one.kind === 'IngressRule')
    .filter(({ spec }) => spec.match?.request?.headers?.['authority']?.exact === 'shop.example.com')
    .sort((one, other) => (other.spec.precedence ?? 0) - (one.spec.precedence ?? 0))
    .map(({ spec }) => [
      spec.destination.name ?? spec.destination.service,
      spec.match?.request?.headers?.['uri'],
    ])
  expect(losses).toEqual([])
  expect(tried).toEqual([
    ['cart', { prefix: '/cart' }],
    ['wide', { prefix: '/wide' }],
    ['all', undefined],
  ])
})
