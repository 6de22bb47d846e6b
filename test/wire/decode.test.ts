import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode } from '../../src/wire/decode.ts'
import { concatFields } from '../../src/wire/splice.ts'
import { knownTypeUrls } from '../../src/wire/typeUrls.ts'
import { encoded } from './encoded.ts'

const cluster = 'envoy.config.cluster.v3.Cluster'

describe('decode', () => {
  test('W19: bytes that are truncated, malformed or of an unknown type throw an Error that says so', () => {
    const bytes = encoded(cluster, {
      name: 'a',
      connect_timeout: '1.5s',
      metadata: { filter_metadata: { x: { y: 1 } } },
    })
    for (let cut = 1; cut < bytes.length; cut += 1) {
      try {
        decode(cluster, bytes.subarray(0, cut))
      } catch (error) {
        expect(String(error)).toContain('malformed protobuf at byte')
      }
    }
    expect(() => decode(cluster, bytes.subarray(0, bytes.length - 1))).toThrow('the bytes end too early')
    expect(() => decode('nothing', bytes)).toThrow('unknown type nothing')
    expect(() => decode(cluster, Uint8Array.of(10, 1, 0xff))).toThrow('text that is not UTF-8')
  })

  test('W19: any bytes give JSON or an Error, in bounded depth', () => {
    fc.assert(
      fc.property(fc.constantFrom(...knownTypeUrls()), fc.uint8Array({ maxLength: 80 }), (type, bytes) => {
        try {
          decode(type, bytes)
        } catch (error) {
          expect(String(error)).toMatch(/^Error: malformed protobuf at byte \d+: /)
        }
      }),
      { seed: 11, numRuns: 4000 },
    )
    let deep = new Uint8Array()
    for (let i = 0; i < 2000; i += 1)
      deep = concatFields(new Uint8Array(), 8, [deep]) as Uint8Array<ArrayBuffer>
    expect(() => decode('envoy.config.rbac.v3.Principal', deep)).toThrow('nested deeper than 100')
  })

  test('W20: unknown fields are passed over, unknown types in an Any keep their bytes', () => {
    const bytes = encoded(cluster, { name: 'a' })
    expect(decode(cluster, Uint8Array.of(...bytes, 0xfa, 0xff, 0x01, 1, 65))).toEqual({ name: 'a' })
    const any = concatFields(concatFields(new Uint8Array(), 1, [Buffer.from('x/a.B')]), 2, [
      Uint8Array.of(1, 2),
    ])
    expect(decode('google.protobuf.Any', any)).toEqual({ '@type': 'x/a.B', value: 'AQI=' })
  })

  test('W20: what comes twice is merged as protobuf does it', () => {
    const one = encoded(cluster, { name: 'a', type: 'EDS', eds_cluster_config: { service_name: 's' } })
    const two = encoded(cluster, {
      name: 'b',
      cluster_type: { name: 't' },
      eds_cluster_config: { eds_config: { ads: {} } },
    })
    expect(decode(cluster, Uint8Array.of(...one, ...two))).toEqual({
      name: 'b',
      cluster_type: { name: 't' },
      eds_cluster_config: { service_name: 's', eds_config: { ads: {} } },
    })
  })

  test('W20: a duration is written as Envoy writes it', () => {
    const shown = (text: string) =>
      decode('google.protobuf.Duration', encoded('google.protobuf.Duration', text))
    expect(['1s', '1.5s', '0.000250s', '0.000000001s', '0s'].map(shown)).toEqual([
      '1s',
      '1.500s',
      '0.000250s',
      '0.000000001s',
      '0s',
    ])
  })

  test('W20: a name of the prototype is a key like any other', () => {
    const json = JSON.parse('{"name":"a","metadata":{"filter_metadata":{"__proto__":{"constructor":1}}}}')
    const read = decode(cluster, encoded(cluster, json))
    expect(JSON.stringify(read)).toBe(JSON.stringify(json))
  })
})

describe('concatFields', () => {
  test('W21: a message and parts of its repeated field give what encoding the whole gives', () => {
    const type = 'envoy.config.route.v3.RouteConfiguration'
    const hosts = ['a', 'b', 'c'].map((name) => ({ name, domains: [name, `${name}:80`.repeat(40)] }))
    const parts = hosts.map((host) => encoded('envoy.config.route.v3.VirtualHost', host))
    const head = encoded(type, { name: '80' })
    expect(concatFields(head, 2, parts)).toEqual(encoded(type, { name: '80', virtual_hosts: hosts }))
    expect(concatFields(head, 2, [])).toEqual(head)
    expect(decode(type, concatFields(head, 2, [new Uint8Array()]))).toEqual({
      name: '80',
      virtual_hosts: [{}],
    })
  })
})
