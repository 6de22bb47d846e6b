import type { GatewayServer } from '../../../src/model/istio/gateway.ts'
import type { VirtualServiceSpec } from '../../../src/model/istio/virtualService.ts'
import type { Resource } from '../../../src/model/resource.ts'
import { istio } from '../../projections/istio/following.ts'
import type { Draw } from '../draw.ts'
import { randomHttpRoutes } from '../randomVirtualServices.ts'
import { ingressRule } from './ingressWorld.ts'
import { requestServices } from './requestServices.ts'
import { numbers, ownAddress, proxyOf, type RandomWorld, type Target } from './world.ts'

/** An ingress that Gateways select, with VirtualServices bound to them: several servers, wildcards, TLS that is ended or
 *  passed on by its name, redirects to TLS, plain connections; and IngressRules for the same hosts beside. */
export const gatewayWorld: RandomWorld = (draw, size) => {
  const names = numbers(size).map((i) => `s${i}`)
  return {
    proxy: proxyOf('ingress'),
    metadata: { labels: { app: 'edge' } },
    resources: [
      ...requestServices(draw, names),
      ...gateways.map((name) => gateway(draw, name, size)),
      // Whatever others bind, names find something at the address of the proxy.
      istio('Gateway', 'always', {
        servers: [{ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: ['always.test'] }],
      }),
      ...numbers(size).flatMap((i) =>
        numbers(draw.whole(1, 2)).map((j) => virtualService(draw, `edge-${i}-${j}`, i, names)),
      ),
      ...names.flatMap((name, i) =>
        numbers(draw.whole(0, 2)).map((j) => ingressRule(draw, `${name}-in-${j}`, i, names)),
      ),
    ],
    targets: numbers(size).flatMap(targets),
  }
}

const gateways = ['a', 'b', 'c']

const gateway = (draw: Draw, name: string, size: number): Resource<'Gateway'> => {
  const some = () => numbers(size).filter(() => draw.chance(0.7))
  const names = (): readonly string[] =>
    draw.one([
      ['*'],
      ['*.test', 'default/*.other'],
      some().map((i) => `h${i}.test`),
      some().map((i) => `*.h${i}.test`),
      ['other/*', './h1.test', 'default/*.test'],
    ])
  const server = (): GatewayServer => {
    const hosts = names()
    const some = hosts.length === 0 ? ['*'] : hosts
    const shown = { credentialName: draw.one(['one', 'two']) }
    return draw.one<() => GatewayServer>([
      () => ({ port: { number: 80, name: 'http', protocol: 'HTTP' }, hosts: some }),
      () => ({
        port: { number: draw.one([80, 8081]), name: 'http', protocol: 'HTTP', targetPort: 8080 },
        hosts: some,
        defaultEndpoint: '127.0.0.1:9999',
      }),
      () => ({ port: { number: 8080, name: 'http2', protocol: 'HTTP2' }, hosts: some }),
      () => ({
        port: { number: 80, name: 'http', protocol: 'HTTP' },
        hosts: some,
        tls: { httpsRedirect: true },
      }),
      () => ({
        port: { number: 80, name: 'http', protocol: 'HTTP' },
        bind: '10.9.9.9',
        hosts: some,
      }),
      () => ({
        port: { number: 443, name: 'https', protocol: 'HTTPS' },
        hosts: some,
        tls: { mode: draw.one(['SIMPLE', 'MUTUAL', 'OPTIONAL_MUTUAL']), ...shown },
      }),
      () => ({
        port: { number: draw.one([443, 8443]), name: 'tls', protocol: 'TLS' },
        hosts: some,
        tls: { mode: 'PASSTHROUGH' },
      }),
      () => ({
        port: { number: 8443, name: 'tls', protocol: 'TLS' },
        hosts: some,
        tls: { mode: 'SIMPLE', ...shown },
      }),
      () => ({
        port: { number: draw.one([9000, 9001]), name: 'tcp', protocol: 'TCP' },
        hosts: some,
        ...(draw.chance(0.5) ? { defaultEndpoint: '127.0.0.1:9998' } : {}),
      }),
    ])()
  }
  return istio('Gateway', name, {
    servers: numbers(draw.whole(2, 6)).map(server),
    ...draw.one([
      { selector: { app: 'edge' } },
      { selector: { app: 'edge' } },
      { selector: { app: 'other' } },
      {},
    ]),
  })
}

const virtualService = (
  draw: Draw,
  name: string,
  i: number,
  names: readonly string[],
): Resource<'VirtualService'> => {
  const bound = draw.some([...gateways, 'mesh'], 1, 3)
  const to = () => ({
    destination: {
      host: draw.chance(0.8) ? (names[i] ?? '') : draw.one([...names, 'nobody']),
      port: { number: draw.one([9080, 80]) },
      ...(draw.chance(0.3) ? { subset: draw.one(['v1', 'v2']) } : {}),
    },
  })
  const routed = () =>
    draw.chance(0.7)
      ? [to()]
      : [
          { ...to(), weight: 30 },
          { ...to(), weight: 70 },
        ]
  const where = () => ({
    ...(draw.chance(0.3) ? { port: draw.one([80, 443, 8443, 9000]) } : {}),
    ...(draw.chance(0.2) ? { gateways: draw.some(gateways, 1, 2) } : {}),
    ...(draw.chance(0.2)
      ? { destinationSubnets: [draw.one(['10.250.0.0/16', '10.9.9.9', '10.1.0.0/16'])] }
      : {}),
  })
  const hosts = draw.some(
    [`h${i}.test`, `a.h${i}.test`, `*.h${i}.test`, `h${i}.other`, ...(draw.chance(0.1) ? ['*'] : [])],
    1,
    2,
  )
  const spec: VirtualServiceSpec = {
    hosts,
    gateways: bound,
    ...(draw.chance(0.05) ? { exportTo: [draw.one(['.', 'other'])] } : {}),
    ...(draw.chance(0.8) ? { http: randomHttpRoutes(draw, names[i] ?? '', names) } : {}),
    ...(draw.chance(0.4)
      ? {
          tls: numbers(draw.whole(1, 2)).map(() => ({
            match: [{ sniHosts: draw.some(hosts, 1, 2), ...where() }],
            route: routed(),
          })),
        }
      : {}),
    ...(draw.chance(0.3)
      ? { tcp: numbers(draw.whole(1, 2)).map(() => ({ match: [where()], route: routed() })) }
      : {}),
  }
  return istio('VirtualService', name, spec)
}

const targets = (i: number): readonly Target[] =>
  (
    [
      [80, 'http'],
      [80, 'https'],
      [8080, 'http'],
      [443, 'https'],
      [443, 'http'],
      [8443, 'https'],
      [8443, 'http'],
      [9000, 'http'],
      [9001, 'https'],
      [7, 'http'],
    ] as const
  ).flatMap(([port, scheme]) =>
    [`h${i}.test`, `a.h${i}.test`, `b.h${i}.test`, `h${i}.other`, '10.9.9.9'].map((host) => ({
      scheme,
      host,
      port,
      to: host === '10.9.9.9' ? host : ownAddress,
      authorities:
        host === '10.9.9.9'
          ? [`h${i}.test`, 'a.test']
          : [
              host,
              host,
              `${host}:${port}`,
              `${host}:7`,
              `${host.toUpperCase()}:${port}`,
              `${host}.`,
              'nobody',
            ],
    })),
  )
