import type { ClientTls, TrafficPolicy } from '../model/istio/destinationRule.ts'
import type { Resource } from '../model/resource.ts'
import { sameJson } from '../model/sameJson.ts'
import { fullHost } from './ruleHost.ts'

/** The TLS that a proxy adds to an HTTPS port of an EgressRule for `host`, as a DestinationRule says it. */
export const originatedTls = (host: string): ClientTls =>
  host.startsWith('*') ? { mode: 'SIMPLE' } : { mode: 'SIMPLE', sni: host }

/** `policy` with TLS for the ports `tlsPorts` of `host`: what is said of a port replaces all that is said of the whole. */
export const withOriginatedTls = (
  policy: TrafficPolicy | undefined,
  host: string,
  tlsPorts: readonly number[],
): TrafficPolicy | undefined =>
  tlsPorts.length === 0
    ? policy
    : {
        ...policy,
        portLevelSettings: tlsPorts.map((number) => ({
          port: { number },
          ...policy,
          tls: originatedTls(host),
        })),
      }

/** The ports of `host` to which `rules` add TLS as an EgressRule's HTTPS does, and in no other way. */
export const originatedPorts = (
  host: string,
  rules: readonly Resource<'DestinationRule'>[],
  domain: string,
): ReadonlySet<number> =>
  new Set(
    rules
      .filter(({ spec, metadata }) => fullHost(spec.host, metadata.namespace, domain) === host)
      .flatMap(({ spec }) => spec.trafficPolicy?.portLevelSettings ?? [])
      .filter(({ tls }) => tls !== undefined && sameJson(tls, originatedTls(host)))
      .map(({ port }) => port.number),
  )

/** `policy` of `host` without the settings of ports that say no more than that TLS is added. */
export const withoutOriginatedTls = (
  policy: TrafficPolicy | undefined,
  host: string,
): TrafficPolicy | undefined => {
  if (policy?.portLevelSettings === undefined) return policy
  const { portLevelSettings, ...whole } = policy
  const left = portLevelSettings.filter(
    ({ port, ...its }) => !sameJson(its, { ...whole, tls: originatedTls(host) }),
  )
  if (left.length > 0) return { ...whole, portLevelSettings: left }
  return Object.keys(whole).length === 0 ? undefined : whole
}
