import { left, right } from 'fp-ts/lib/Either.js'
import { expect, test } from 'vitest'
import { parseNodeId } from '../../src/codecs/nodeId.ts'

test.each([
  [
    'sidecar~10.1.1.0~v0.default~default.svc.cluster.local',
    'sidecar',
    '10.1.1.0',
    'v0.default',
    'default.svc.cluster.local',
  ],
  ['ingress~~random~local', 'ingress', '', 'random', 'local'],
  ['router~fe80::1~r~', 'router', 'fe80::1', 'r', ''],
  ['sidecar~::ffff:10.0.0.1~~', 'sidecar', '::ffff:a00:1', '', ''],
  ['sidecar~FD00:0:0::20~a~', 'sidecar', 'fd00::20', 'a', ''],
])('C50 %s is a proxy', (node, type, ip, id, domain) => {
  expect(parseNodeId(node)).toEqual(right({ type, node, ip, id, domain }))
})

test.each(['edge-1', 'sidecar~10.1.1.0~v0', 'a~b~c~d~e', 'é', 'x'.repeat(256), '~~', '__proto__'])(
  'C50 %s is a bare node',
  (node) => {
    expect(parseNodeId(node)).toEqual(right({ type: 'bare', node }))
  },
)

test.each([
  ['empty', '', 'The node id is empty; it has 1 to 256 bytes.'],
  ['too long', 'x'.repeat(257), 'The node id has 257 bytes; it has 1 to 256.'],
  ['too long in bytes', 'é'.repeat(129), 'The node id has 258 bytes; it has 1 to 256.'],
  [
    'another type',
    'gateway~10.0.0.1~x~y',
    'The node id names the type "gateway"; a proxy is of type sidecar, ingress, router.',
  ],
  [
    'a wrong ip',
    'sidecar~10.0.0.256~x~y',
    'The node id names the ip "10.0.0.256"; it is an IPv4 or IPv6 address, or empty.',
  ],
  [
    'a zone in its ip',
    'sidecar~fe80::1%eth0~x~y',
    'The node id names the ip "fe80::1%eth0"; it is an IPv4 or IPv6 address, or empty.',
  ],
])('C50 %s is refused', (_, node, why) => {
  expect(parseNodeId(node)).toEqual(left(why))
})

test.each(['a\0b', 'a\nb', 'a\u0085b', 'a\u007fb', 'a\ud800b'])(
  'C50 control characters are refused',
  (node) => {
    expect(parseNodeId(node)).toMatchObject({ _tag: 'Left' })
  },
)
