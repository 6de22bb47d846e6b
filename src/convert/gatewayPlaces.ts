import type { GatewayServer } from '../model/istio/gateway.ts'
import type { Resource } from '../model/resource.ts'
import { byCodeUnit, keyOf, nameOf } from '../model/resourceName.ts'
import { type Lose, loseOthers } from './loss.ts'

/** A host of a Gateway's server, in what 2017 has words for. */
export type GatewayPlace = {
  /** `namespace/name` of the Gateway. */
  readonly gateway: string
  /** `name`, `*.suffix` or `*`. */
  readonly host: string
  /** Namespace of the VirtualServices that may take it; absent: any. */
  readonly namespace?: string
  readonly port: number
  /** `name.namespace` of the secret that is shown; absent: in plain text. */
  readonly secret?: string
  /** What comes in plain text is sent to TLS. */
  readonly toTls: boolean
  /** Takes what of this server is lost. */
  readonly lose: Lose
}

/** `namespace/name` of the Gateway that a rule of `namespace` means by `name`; `mesh` is none. */
export const gatewayOf = (name: string, namespace: string): string =>
  name === 'mesh' || name.includes('/') ? name : `${namespace}/${name}`

/** The hosts at which IngressRules can stand for `gateways`, by Gateway and server. `secretsNamespace`: that of the ingress
 *  proxies, whose secrets Gateways mean. */
export const gatewayPlaces = (
  gateways: readonly Resource<'Gateway'>[],
  secretsNamespace: string | undefined,
  loseOf: (gateway: Resource<'Gateway'>) => Lose,
): readonly GatewayPlace[] => {
  const all = [...gateways]
    .sort((a, b) => byCodeUnit(keyOf(nameOf(a)), keyOf(nameOf(b))))
    .flatMap((gateway) => {
      const lose = loseOf(gateway)
      const { metadata, spec } = gateway
      if (Object.keys(spec.selector ?? {}).length > 0)
        lose('/spec/selector', 'IngressRules are for every ingress proxy: these labels are not asked for')
      return spec.servers.flatMap((server, i) => {
        const loseHere: Lose = (path, message) => lose(`/spec/servers/${i}${path}`, message)
        const said = serverOf(server, secretsNamespace, loseHere)
        if (said === undefined) return []
        return server.hosts.map((text): GatewayPlace => {
          const slash = text.indexOf('/')
          const namespace = text.slice(0, slash)
          return {
            gateway: `${metadata.namespace}/${metadata.name}`,
            host: text.slice(slash + 1),
            ...(slash === -1 || namespace === '*'
              ? {}
              : { namespace: namespace === '.' ? metadata.namespace : namespace }),
            port: server.port.number,
            ...said,
            lose: loseHere,
          }
        })
      })
    })
  const overTls = new Set(all.flatMap(({ port, secret }) => (secret === undefined ? [] : [port])))
  return all.filter(({ port, secret, lose }) => {
    if (secret !== undefined || !overTls.has(port)) return true
    lose('/port', 'a port of 2017 is in plain text or over TLS: this server is left out')
    return false
  })
}

/** Whether `wide`, of `name`, `*.suffix` and `*`, has every name that `narrow` has. */
export const covers = (wide: string, narrow: string): boolean =>
  wide === '*' || wide === narrow || (wide.startsWith('*.') && narrow.endsWith(wide.slice(1)))

/** The names that both have; `undefined` for none. */
export const bothHosts = (a: string, b: string): string | undefined =>
  covers(a, b) ? b : covers(b, a) ? a : undefined

/** The places that have `host`, the most specific first. */
export const placesOf = (
  places: readonly GatewayPlace[],
  host: string,
  port: number,
): readonly GatewayPlace[] =>
  places
    .filter((place) => place.port === port && covers(place.host, host))
    .sort((a, b) => hostRank(b.host) - hostRank(a.host))

/** Of hosts that take one name the more specific has the larger. */
export const hostRank = (host: string): number =>
  host.startsWith('*') ? host.length : Number.POSITIVE_INFINITY

const serverOf = (
  server: GatewayServer,
  secretsNamespace: string | undefined,
  lose: Lose,
): Pick<GatewayPlace, 'secret' | 'toTls'> | undefined => {
  const { port, tls } = server
  const secured = port.protocol === 'HTTPS'
  if (!secured && !['HTTP', 'HTTP2', 'GRPC', 'GRPC-WEB'].includes(port.protocol)) {
    lose('/port/protocol', 'IngressRules are for requests over HTTP: the server is left out')
    return undefined
  }
  if (secured && tls?.mode !== 'SIMPLE') {
    lose(
      tls?.mode === undefined ? '/port/protocol' : '/tls/mode',
      'IngressRules end TLS by a secret, and ask callers for none: the server is left out',
    )
    return undefined
  }
  const { credentialName, credentialNames = [] } = tls ?? {}
  const names = credentialName === undefined ? credentialNames : [credentialName]
  if (secured && (names.length !== 1 || secretsNamespace === undefined)) {
    lose(
      '/tls',
      names.length === 1
        ? 'no document tells the namespace of the ingress proxies, whose secret this is (--ingress-namespace): the server is left out'
        : 'an IngressRule shows one secret: the server is left out',
    )
    return undefined
  }
  loseOthers(server, ['port', 'hosts', 'tls', 'name'], '', lose)
  if (port.targetPort !== undefined && port.targetPort !== port.number)
    lose('/port/targetPort', 'ingress proxies listen on the port that callers know')
  loseOthers(tls, secured ? ['mode', 'credentialName', 'credentialNames'] : ['httpsRedirect'], '/tls', lose)
  const toTls = !secured && tls?.httpsRedirect === true
  return secured ? { toTls, secret: `${names[0]}.${secretsNamespace}` } : { toTls }
}
