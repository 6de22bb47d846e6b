import type { IstioService } from '../model/routeRule.ts'

/** The host that a rule of 2017 in `namespace` means (docs/spec P2). */
export const hostOf = (named: IstioService, namespace: string, domain: string): string => {
  if (named.service !== undefined) return named.service
  if (named.name === undefined) return ''
  return `${named.name}.${named.namespace ?? namespace}.${named.domain ?? `svc.${domain}`}`
}

/** How a rule of 2017 in `namespace` names a host of Istio's; `undefined` for one with `*`. */
export const serviceOf = (host: string, namespace: string, domain: string): IstioService | undefined => {
  if (host.includes('*')) return undefined
  if (!host.includes('.')) return { name: host }
  const suffix = `.svc.${domain}`
  const [name, itsNamespace, ...rest] = host.endsWith(suffix) ? host.slice(0, -suffix.length).split('.') : []
  if (name === undefined || itsNamespace === undefined || rest.length > 0) return { service: host }
  return itsNamespace === namespace ? { name } : { name, namespace: itsNamespace }
}

/** The full name of a host as a rule of Istio's in `namespace` writes it. */
export const fullHost = (host: string, namespace: string, domain: string): string =>
  host.includes('.') || host === '*' ? host : `${host}.${namespace}.svc.${domain}`
