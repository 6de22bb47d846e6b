import type { Diagnostic } from '../../model/diagnostic.ts'
import { classOf, ownClasses } from '../../model/ingressClass.ts'
import { ingressHost, ingressPort } from '../../model/ingressHost.ts'
import type { KubernetesBackend } from '../../model/kubernetesIngress.ts'
import type { Resource } from '../../model/resource.ts'
import { unknownService } from '../diagnostics/referenceDiagnostics.ts'
import { secretDiagnostics } from '../diagnostics/secretDiagnostics.ts'
import type { Registry } from '../registry/registry.ts'
import { compileIngress } from './compileIngress.ts'
import type { HostPlace } from './hostPlace.ts'
import { takenDiagnostics } from './takenDiagnostics.ts'

/** All that keeps a Kubernetes Ingress, or a part of it, from having an effect. */
export const ingressDiagnostics = (
  ingress: Resource<'Ingress'>,
  registry: Registry,
): readonly Diagnostic[] => {
  const { spec, metadata } = ingress
  const its = classOf(ingress)
  if (its !== undefined && !ownClasses.includes(its))
    return [otherClass(its, spec.ingressClassName !== undefined)]
  const backends: readonly (readonly [KubernetesBackend, string])[] = [
    ...(spec.defaultBackend === undefined ? [] : [[spec.defaultBackend, '/spec/defaultBackend'] as const]),
    ...(spec.rules ?? []).flatMap(({ http }, i) =>
      (http?.paths ?? []).map(
        ({ backend }, j) => [backend, `/spec/rules/${i}/http/paths/${j}/backend`] as const,
      ),
    ),
  ]
  return [
    ...taken(ingress, registry),
    ...backends.flatMap(([backend, path]) => leadsNowhere(backend, path, metadata.namespace, registry)),
    ...(spec.tls ?? []).flatMap(({ secretName }, i): readonly Diagnostic[] => {
      const path = `/spec/tls/${i}`
      if (secretName === undefined)
        return [
          {
            code: 'RUT2011',
            severity: 'warning',
            path,
            message: 'Without a secretName there is no certificate to show: its hosts stay in plain text.',
          },
        ]
      return secretDiagnostics(
        [{ secret: `${metadata.namespace}/${secretName}`, path: `${path}/secretName` }],
        'named',
        registry,
      )
    }),
  ]
}

/** By host and port, whatever number of paths it has there. */
const taken = (resource: Resource<'Ingress'>, registry: Registry): readonly Diagnostic[] => {
  const places = new Map<string, HostPlace>()
  for (const { resource: rule } of compileIngress({ resource, position: 0, source: '' })) {
    const [host, port] = [ingressHost(rule.spec).host, ingressPort(rule.spec)]
    places.set(`${host}:${port}`, { host, port, tls: rule.spec.tlsSecret !== undefined })
  }
  return [...places.values()].flatMap((place) => {
    const i = (resource.spec.rules ?? []).findIndex(({ host = '*' }) => host === place.host)
    return takenDiagnostics(place, i === -1 ? '/spec/defaultBackend' : `/spec/rules/${i}`, registry)
  })
}

const otherClass = (its: string, byField: boolean): Diagnostic => ({
  code: 'RUT2130',
  severity: 'info',
  path: byField ? '/spec/ingressClassName' : '/metadata/annotations',
  message: `The class ${its} is another controller's; here it has no effect. Those of ${ownClasses.join(', ')} and without a class are served.`,
})

const leadsNowhere = (
  { service, resource }: KubernetesBackend,
  path: string,
  namespace: string,
  registry: Registry,
): readonly Diagnostic[] => {
  if (resource !== undefined)
    return [
      {
        code: 'RUT2011',
        severity: 'warning',
        path: `${path}/resource`,
        message: 'resource has no effect. Requests go to services alone.',
      },
    ]
  if (service === undefined) return []
  const hostname = `${service.name}.${namespace}.svc.${registry.settings().domain}`
  const found = registry.service(hostname)
  if (found === undefined) return [unknownService(hostname, `${path}/service/name`)]
  const { number, name } = service.port ?? {}
  const port = found.ports.find(
    (one) =>
      one.http && (number === undefined || one.port === number) && (name === undefined || one.name === name),
  )
  return port !== undefined
    ? []
    : [
        {
          code: 'RUT2050',
          severity: 'warning',
          path: `${path}/service/port`,
          message: `${hostname} has no port ${number ?? name ?? ''} that is routed by request (HTTP, HTTP2, GRPC), so this has no effect.`,
        },
      ]
}
