import { durationMs, maxDurationMs } from '../../model/duration.ts'
import type { Protocol } from '../../model/service.ts'
import { canonicalIp, ipVersion, isCallable, isSubnet } from '../ipAddress.ts'
import { problemCodes } from '../problemCode.ts'
import { choiceInAnyCase } from './choice.ts'
import { type Codec, inForm } from './codec.ts'
import { wholeNumber } from './number.ts'
import { text } from './text.ts'

/** A TCP port. */
export const port: Codec<number> = wholeNumber('port', 1, 65_535, problemCodes.badPort)

/** A TCP port, or 0 for none. */
export const portOrOff: Codec<number> = wholeNumber('port (0: off)', 0, 65_535, problemCodes.badPort)

/** What a port speaks, in any case. */
export const protocol: Codec<Protocol> = choiceInAnyCase<Protocol>('protocol', [
  'HTTP',
  'HTTP2',
  'GRPC',
  'HTTPS',
  'TCP',
  'Mongo',
  'Redis',
])

/** An IP address that can be called, in its canonical form. */
export const address: Codec<string> = inForm(
  canonicalIp,
  text(
    'address',
    problemCodes.badAddress,
    'an IPv4 or IPv6 address that can be called, such as 10.1.0.4',
    isCallable,
  ),
)

/** `ip:port`, an IPv6 address in brackets. */
export const socket: Codec<string> = text(
  'app',
  problemCodes.badAddress,
  'an IP address and a port, such as 127.0.2.5:9080 or [::1]:9080',
  (value) => {
    const found = /^(?:\[([^[\]]+)\]|([^:]+)):([1-9]\d{0,4})$/.exec(value)
    const version = ipVersion(found?.[1] ?? found?.[2] ?? '')
    return version === (found?.[1] === undefined ? 4 : 6) && Number(found?.[3]) <= 65_535
  },
)

/** An IP address or a subnet such as `10.0.0.0/8`, in its canonical form. */
export const subnet: Codec<string> = inForm(
  canonicalIp,
  text('subnet', problemCodes.badAddress, 'an IP address or a subnet such as 10.0.0.0/8', isSubnet),
)

/** A duration of whole milliseconds from `leastMs` to `mostMs`. Envoy cuts fractions off, and would read what is below
 *  a millisecond as 0, which turns most time limits off. */
export const duration = (name: string, leastMs = 1, mostMs = maxDurationMs): Codec<string> =>
  text(
    name,
    problemCodes.badDuration,
    `a ${name} such as 1s, 250ms, 1.5s or 1m: whole milliseconds from ${leastMs} to ${mostMs}`,
    (value) => {
      const ms = durationMs(value)
      return ms !== undefined && Number.isInteger(ms) && ms >= leastMs && ms <= mostMs
    },
  )
