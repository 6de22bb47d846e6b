import { expect, test } from 'vitest'
import { infoOf, kindNamed, kinds } from '../../src/codecs/kinds.ts'

test.each([
  ['RouteRule', 'RouteRule'],
  ['routerule', 'RouteRule'],
  ['ROUTERULES', 'RouteRule'],
  ['destinationpolicies', 'DestinationPolicy'],
  ['meshsettings', 'MeshSettings'],
  ['routerule.config.istio.io', 'RouteRule'],
  ['Sidecars.networking.istio.io', 'Sidecar'],
  ['service.rutter.dev', 'Service'],
])('C26 %s is found', (text, kind) => {
  expect(kindNamed(text)?.kind).toBe(kind)
})

test.each(['', 'pod', 'sidecar.rutter.dev', 'constructor', 'routerule.'])('C26 %s is no kind', (text) => {
  expect(kindNamed(text)).toBeUndefined()
})

test('C26 every kind has a name of its own', () => {
  expect(new Set(kinds.map(({ plural }) => plural)).size).toBe(kinds.length)
  for (const { kind } of kinds) expect(infoOf(kind).kind).toBe(kind)
})
