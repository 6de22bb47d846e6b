import { anyAddress } from '../../anyAddress.ts'
import type { HostPlace } from '../../ingress/hostPlace.ts'
import { serverName } from '../../ingress/serverName.ts'
import { type ConnectionChain, isToldByTls } from '../../listeners/connectionChain.ts'
import type { Slice } from '../../views/slice.ts'

/** Whether Gateways have a host on a port before rules of ingress: by a rule of theirs for requests to it, by its name in
 *  TLS, or because their servers there take no requests in the form, plain text or TLS, in which it is asked for.
 *  `servers` are slices of the Gateways (`gatewaySlice`), `ofHost` is the host's (`gatewayHostSlice`). */
export const takenByGateways = (
  { host, port, tls }: HostPlace,
  servers: readonly Slice[],
  ofHost: Slice | undefined,
): boolean => {
  if (ofHost?.virtualHosts.some(({ table }) => table === `${port}`)) return true
  const chains = servers
    .flatMap(({ tcpPorts }) => tcpPorts)
    .flatMap((its) =>
      // Whoever reaches the port's routes by another address or port has them in his form too.
      its.address === anyAddress && its.port === port
        ? its.chains
        : its.chains.filter(({ table }) => table === `${port}`),
    )
  if (chains.length === 0) return false
  const inForm = chains.filter((chain) => isToldByTls(chain) === tls)
  if (inForm.length === 0) return true
  return tls
    ? inForm.some((chain) => hasName(chain, serverName(host)))
    : !inForm.some(({ table }) => table === `${port}`)
}

const hasName = ({ serverNames }: ConnectionChain, name: string | undefined): boolean =>
  name === undefined ? serverNames.length === 0 : serverNames.includes(name)
