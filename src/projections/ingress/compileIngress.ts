import { isOwnClass } from '../../model/ingressClass.ts'
import type { IngressRuleSpec } from '../../model/ingressRule.ts'
import type {
  KubernetesBackend,
  KubernetesIngressSpec,
  KubernetesPath,
} from '../../model/kubernetesIngress.ts'
import type { Stored } from '../../model/mesh.ts'
import type { IngressEntry } from './ingressEntry.ts'

/** Below every rule's own precedence: what no path takes. */
const last = -(2 ** 40)

/** The rules that a Kubernetes Ingress comes to, exact paths first: one for each path and host, and for each of its
 *  hosts one for what no path takes, where there is a default backend. None where it is of another class. */
export const compileIngress = (stored: Stored<'Ingress'>): readonly IngressEntry[] => {
  const { resource, position } = stored
  const { metadata, spec } = resource
  if (!isOwnClass(resource)) return []
  const paths = (spec.rules ?? [])
    .flatMap(({ host, http }) => (http?.paths ?? []).map((path) => ({ host, path })))
    .sort((a, b) => rankOf(a.path) - rankOf(b.path))
    .flatMap(({ host, path }) => matches(path).map((uri) => ({ host, uri, backend: path.backend })))
  const hosts = new Set([...(spec.rules ?? []).map(({ host }) => host), undefined])
  const otherwise = [...hosts].flatMap((host) =>
    spec.defaultBackend === undefined ? [] : [{ host, uri: undefined, backend: spec.defaultBackend }],
  )
  return [...paths, ...otherwise].flatMap(({ host, uri, backend }) => {
    const destination = destinationOf(backend)
    if (destination === undefined) return []
    const secret = secretOf(spec, host)
    const headers = {
      ...(host === undefined ? {} : { authority: { exact: host } }),
      ...(uri === undefined ? {} : { uri }),
    }
    const rule: IngressRuleSpec = {
      ...destination,
      ...(uri === undefined ? { precedence: last } : {}),
      ...(secret === undefined ? {} : { tlsSecret: `${secret}.${metadata.namespace}` }),
      ...(Object.keys(headers).length === 0 ? {} : { match: { request: { headers } } }),
    }
    return [{ resource: { kind: 'Ingress' as const, metadata, spec: rule }, position }]
  })
}

// Of equal matches the first is tried first.
const rankOf = ({ pathType }: KubernetesPath): number => (pathType === 'Exact' ? 0 : 1)

/** A prefix of Kubernetes ends where a part of the path does: `/a` takes `/a` and `/a/b`, and not `/ab`. What is left
 *  to the implementation is such a prefix, or, as Istio has it, one of the path's text where it ends in `.*` or `/*`. */
const matches = ({
  path = '/',
  pathType,
}: KubernetesPath): readonly ({ readonly exact: string } | { readonly prefix: string })[] => {
  if (pathType === 'Exact') return [{ exact: path }]
  const text = pathType === 'ImplementationSpecific' ? /^(.*)\.\*$|^(.*\/)\*$/.exec(path) : null
  if (text !== null) return [{ prefix: (text[1] ?? text[2]) || '/' }]
  const whole = path.replace(/\/+$/, '')
  return whole === '' ? [{ prefix: '/' }] : [{ exact: whole }, { prefix: `${whole}/` }]
}

const destinationOf = ({
  service,
}: KubernetesBackend):
  | Pick<IngressRuleSpec, 'destination' | 'destinationPort' | 'destinationPortName'>
  | undefined => {
  if (service === undefined) return undefined
  const { number, name } = service.port ?? {}
  return {
    destination: { name: service.name },
    ...(number === undefined ? {} : { destinationPort: number }),
    ...(name === undefined ? {} : { destinationPortName: name }),
  }
}

/** The secret for a host: of the first entry that has it, or is for every host. */
const secretOf = ({ tls = [] }: KubernetesIngressSpec, host: string | undefined): string | undefined =>
  tls.find(
    ({ hosts = [] }) => hosts.length === 0 || (host !== undefined && hosts.some((one) => has(one, host))),
  )?.secretName

const has = (pattern: string, host: string): boolean =>
  pattern === host || (pattern.startsWith('*.') && host.endsWith(pattern.slice(1)))
