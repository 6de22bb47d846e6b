import type { GatewayServer } from '../../../model/istio/gateway.ts'

/** A host of a Gateway's server, and whose rules may take it. */
export type ServerHost = {
  readonly host: string
  /** Namespace of the VirtualServices; absent: any. */
  readonly namespace?: string
}

/** The hosts of `server`, a server of a Gateway in `gatewayNamespace`. */
export const serverHosts = ({ hosts }: GatewayServer, gatewayNamespace: string): readonly ServerHost[] =>
  hosts.map((text) => {
    const slash = text.indexOf('/')
    const namespace = slash === -1 ? '*' : text.slice(0, slash)
    const host = text.slice(slash + 1)
    return namespace === '*'
      ? { host }
      : { host, namespace: namespace === '.' ? gatewayNamespace : namespace }
  })

/** The hosts that both `a` and `b` mean, each of which may begin with `*`: the narrower of the two; `undefined` when
 *  there are none. */
export const bothHosts = (a: string, b: string): string | undefined => {
  if (covers(a, b)) return b
  return covers(b, a) ? a : undefined
}

const covers = (wide: string, narrow: string): boolean =>
  wide === '*' || wide === narrow || (wide.startsWith('*.') && narrow.endsWith(wide.slice(1)))
