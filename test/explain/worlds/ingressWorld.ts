import type { IngressRuleSpec } from '../../../src/model/ingressRule.ts'
import type { KubernetesBackend, KubernetesIngressSpec } from '../../../src/model/kubernetesIngress.ts'
import type { Resource } from '../../../src/model/resource.ts'
import type { StringMatch } from '../../../src/model/routeRule.ts'
import type { Draw } from '../draw.ts'
import { paths } from '../randomRequest.ts'
import { randomMatch } from '../randomRules.ts'
import { requestServices } from './requestServices.ts'
import { numbers, ownAddress, proxyOf, type RandomWorld, type Target } from './world.ts'

/** An ingress under IngressRules of 2017 and Ingresses of Kubernetes: hosts, wildcards, paths, headers, ports, TLS and
 *  redirects to it; behind them stand rules of both dialects. */
export const ingressWorld: RandomWorld = (draw, size) => {
  const names = numbers(size).map((i) => `s${i}`)
  const place = draw.chance(0.3) ? { address: '127.0.0.1', port: 15_002 } : undefined
  return {
    proxy: proxyOf('ingress'),
    metadata: place === undefined ? {} : { httpProxy: place },
    resources: [
      ...requestServices(draw, names),
      ...names.flatMap((name, i) => [
        ...numbers(draw.whole(0, 3)).map((j) => ingressRule(draw, `${name}-in-${j}`, i, names)),
        ...(draw.chance(0.6) ? [kubernetesIngress(draw, `${name}-k8s`, i, names)] : []),
      ]),
    ],
    targets: numbers(size).flatMap((i) => ingressTargets(i, place)),
  }
}

const hosts = (i: number): readonly string[] => [`h${i}.test`, `a.h${i}.test`, `*.h${i}.test`, `H${i}.Other`]

/** Requests for them. */
export const ingressTargets = (
  i: number,
  place: { readonly address: string; readonly port: number } | undefined,
): readonly Target[] =>
  ([80, 8080, 443] as const).flatMap((port) =>
    [`h${i}.test`, `a.h${i}.test`, `b.h${i}.test`, `c.b.h${i}.test`, `h${i}.other`, 'nobody'].map((host) => ({
      scheme: port === 443 ? 'https' : 'http',
      host,
      port: port === 80 && place !== undefined ? place.port : port,
      to: place?.address ?? ownAddress,
      authorities: [
        host,
        host,
        `${host}:${port}`,
        `${host}:7`,
        `${host.toUpperCase()}:${port}`,
        `${host}.`,
        's1',
      ],
    })),
  )

/** An IngressRule for hosts of the number `i`. */
export const ingressRule = (
  draw: Draw,
  name: string,
  i: number,
  names: readonly string[],
): Resource<'IngressRule'> => {
  const host = draw.one(hosts(i))
  const authority: StringMatch | undefined = draw.one([
    { exact: host },
    { exact: host },
    { exact: host },
    { exact: host.startsWith('*') ? host : `${host}:8080` },
    ...(draw.chance(0.1)
      ? [{ prefix: `h${i}.` }, { regex: `[ab]\\.h${i}\\..*` }, ...(draw.chance(0.1) ? [undefined] : [])]
      : []),
  ])
  const { authority: _, ...asked } = draw.chance(0.8) ? (randomMatch(draw).request?.headers ?? {}) : {}
  const spec: IngressRuleSpec = {
    destination: { name: draw.chance(0.9) ? (names[i] ?? '') : draw.one([...names, 'nobody']) },
    ...draw.one([{ destinationPort: 9080 }, { destinationPort: 80 }, { destinationPortName: 'http' }, {}]),
    ...draw.one([{}, {}, { port: 8080 }, { tlsSecret: `secret-${i}.default` }]),
    ...draw.one([{}, { precedence: draw.whole(0, 2) }]),
    match: { request: { headers: { ...asked, ...(authority && { authority }) } } },
  }
  return {
    apiVersion: 'config.istio.io/v1alpha2',
    kind: 'IngressRule',
    metadata: { name, namespace: 'default' },
    spec,
  }
}

const bare = paths.map((path) => path.replace(/\?.*/, ''))

/** An Ingress of Kubernetes for hosts of the number `i`. */
export const kubernetesIngress = (
  draw: Draw,
  name: string,
  i: number,
  names: readonly string[],
): Resource<'Ingress'> => {
  const backend = (): KubernetesBackend => ({
    service: {
      name: draw.chance(0.8) ? (names[i] ?? '') : draw.one(names),
      port: draw.one([{ number: 9080 }, { number: 80 }, { name: 'http-alt' }]),
    },
  })
  const chosen = hosts(i).map((host) => host.toLowerCase())
  const spec: KubernetesIngressSpec = {
    ...(draw.chance(0.03) ? { defaultBackend: backend() } : {}),
    ...(draw.chance(0.3) ? { tls: [{ hosts: draw.some(chosen, 1, 2), secretName: `secret-${i}` }] } : {}),
    rules: numbers(draw.whole(1, 3)).map(() => ({
      ...(draw.chance(0.99) ? { host: draw.one(chosen) } : {}),
      http: {
        paths: numbers(draw.whole(1, 3)).map(() => ({
          path: draw.one(bare),
          pathType: draw.one(['Exact', 'Prefix', 'Prefix', 'ImplementationSpecific'] as const),
          backend: backend(),
        })),
      },
    })),
  }
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: { name, namespace: 'default' },
    spec,
  }
}
