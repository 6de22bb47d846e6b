import type { GatewayServer } from '../../../model/istio/gateway.ts'

/** The port at which proxies listen for `server`: callers, and rules, know it by its number all the same. */
export const listeningPort = ({ port: { number, targetPort } }: GatewayServer): number => targetPort ?? number
