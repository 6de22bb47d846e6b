import type { IstioHttpRoute } from '../../src/model/istio/virtualService.ts'
import type { Resource } from '../../src/model/resource.ts'
import type { Draw } from '../explain/draw.ts'
import { randomMatch } from '../explain/randomRules.ts'
import { ingressRule } from '../explain/worlds/ingressWorld.ts'
import { numbers } from '../explain/worlds/world.ts'
import { istio } from '../projections/istio/following.ts'

const namesOf = (size: number): readonly string[] => numbers(size).map((i) => `s${i}`)

/** IngressRules for hosts of the numbers below `size`, that lead to the services `s0`, `s1` … */
export const ingressRuleMesh = (draw: Draw, size: number): readonly Resource[] =>
  numbers(draw.whole(1, 6))
    .map((j) => ingressRule(draw, `in-${j}`, draw.whole(0, size - 1), namesOf(size)))
    .filter(({ spec }) => spec.destination.name !== 'nobody')
    .map((one) =>
      one.spec.tlsSecret !== undefined && draw.chance(0.2)
        ? { ...one, spec: { ...one.spec, port: draw.one([80, 8080]) } }
        : one,
    )

/** Gateways in plain text and over TLS, with and without redirects there, and VirtualServices for their hosts. */
export const gatewayMesh = (draw: Draw, size: number): readonly Resource[] => {
  const hosts = numbers(size).flatMap((i) => [`h${i}.test`, `a.h${i}.test`, `*.h${i}.test`])
  const own = draw.some(hosts, 1, 3)
  const served = draw.one([own, own, ['*'], ['*.test']])
  const secured = draw.chance(0.5)
  const tlsPort = draw.one([443, 443, 443, 80, 8080])
  const toTls = secured && draw.chance(0.7)
  return [
    istio('Gateway', 'edge', {
      servers: [
        ...(secured && !toTls && draw.chance(0.5)
          ? []
          : [
              {
                port: { number: 80, name: 'http', protocol: 'HTTP' as const },
                hosts: served,
                ...(toTls ? { tls: { httpsRedirect: true } } : {}),
              },
            ]),
        ...(secured
          ? [
              {
                port: { number: tlsPort, name: 'https', protocol: 'HTTPS' as const },
                hosts: served,
                tls: { mode: 'SIMPLE' as const, credentialName: 'shown' },
              },
            ]
          : []),
        ...(draw.chance(0.3)
          ? [{ port: { number: 8080, name: 'more', protocol: 'HTTP' as const }, hosts: ['*'] }]
          : []),
      ],
    }),
    ...own.map((host, i) =>
      istio('VirtualService', `edge-${i}`, {
        hosts: [host],
        gateways: ['edge'],
        http: [
          ...numbers(draw.whole(0, 2)).map(() => route(draw, size, true)),
          ...(draw.chance(0.7) ? [route(draw, size, false)] : []),
          ...(draw.chance(0.2) ? [{ directResponse: { status: 404 } }] : []),
        ],
      }),
    ),
  ].filter(({ spec }) => !('http' in spec) || (spec.http ?? []).length > 0)
}

const route = (draw: Draw, size: number, asks: boolean): IstioHttpRoute => {
  const { uri, method, authority: _, scheme: __, ...headers } = randomMatch(draw).request?.headers ?? {}
  const match = { uri: uri ?? { prefix: '/a' }, ...(method && { method }), headers }
  return {
    ...(asks ? { match: [match, ...(draw.chance(0.3) ? [{ uri: { exact: '/b' }, port: 80 }] : [])] } : {}),
    route: [{ destination: { host: draw.one(namesOf(size)), port: { number: draw.one([80, 9080]) } } }],
    timeout: '15s',
  }
}
