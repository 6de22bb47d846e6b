import { isMap } from '../shapes/struct.ts'

type Map = Readonly<Record<string, unknown>>

/** Under which Kubernetes had its Ingress before version 1.19, and Istio in 2017. */
export const formerIngressVersions: readonly string[] = ['extensions/v1beta1', 'networking.k8s.io/v1beta1']

/** An Ingress of before `networking.k8s.io/v1` in the words of today, as Kubernetes itself converts it; anything else as
 *  it is, what is wrong in it included. A path that does not say its type is what Istio of 2017 took it for: the whole
 *  path, or what is before `.*` as a prefix. */
export const currentIngress = (input: unknown): unknown => {
  if (!isMap(input) || !formerIngressVersions.includes(String(input['apiVersion']))) return input
  const current = { ...input, apiVersion: 'networking.k8s.io/v1' }
  return isMap(input['spec']) ? { ...current, spec: currentSpec(input['spec']) } : current
}

const currentSpec = ({ backend, rules, ...rest }: Map): Map => ({
  ...rest,
  ...(backend === undefined ? {} : { defaultBackend: currentBackend(backend) }),
  ...(rules === undefined ? {} : { rules: eachOf(rules, currentRule) }),
})

const currentRule = (rule: Map): Map =>
  isMap(rule['http']) && 'paths' in rule['http']
    ? { ...rule, http: { ...rule['http'], paths: eachOf(rule['http']['paths'], currentPath) } }
    : rule

const currentPath = ({ backend, ...rest }: Map): Map => ({
  pathType: isWhole(rest['path']) ? 'Exact' : 'ImplementationSpecific',
  ...rest,
  ...(backend === undefined ? {} : { backend: currentBackend(backend) }),
})

const isWhole = (path: unknown): boolean => typeof path === 'string' && path !== '' && !path.endsWith('.*')

const currentBackend = (backend: unknown): unknown => {
  if (!isMap(backend) || !('serviceName' in backend)) return backend
  const { serviceName, servicePort, ...rest } = backend
  const port = typeof servicePort === 'string' ? { name: servicePort } : { number: servicePort }
  return { ...rest, service: { name: serviceName, ...(servicePort === undefined ? {} : { port }) } }
}

const eachOf = (list: unknown, current: (one: Map) => Map): unknown =>
  Array.isArray(list) ? list.map((one: unknown) => (isMap(one) ? current(one) : one)) : list
