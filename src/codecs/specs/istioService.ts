import type { IstioService } from '../../model/routeRule.ts'
import { isSubnet } from '../ipAddress.ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, checked, type Finding } from '../shapes/codec.ts'
import { dnsLabel, hostname, isWildcardDomain, labels } from '../shapes/names.ts'
import { optional, struct } from '../shapes/struct.ts'
import { text } from '../shapes/text.ts'

const external = text(
  'service',
  problemCodes.badHostname,
  'a hostname in lower case, alone or after "*", "*." or "*-", without a port',
  isWildcardDomain,
)

const externalOrSubnet = text(
  'service',
  problemCodes.badHostname,
  'a hostname in lower case, alone or after "*", "*." or "*-", or an address such as 10.0.0.0/8',
  (value) => isWildcardDomain(value) || isSubnet(value),
)

const shape = (service: Codec<string>): Codec<IstioService> =>
  struct<IstioService>('a service', {
    name: optional(dnsLabel('name')),
    namespace: optional(dnsLabel('namespace')),
    domain: optional(hostname),
    service: optional(service),
    labels: optional(labels),
  })

/** A service by `name`, `namespace` and `domain`, or by `service` alone (Pilot's ValidateIstioService). */
export const istioService: Codec<IstioService> = checked(shape(external), oneWay)

/** As `istioService`, without labels, where they would mean nothing. */
export const unlabelledService: Codec<IstioService> = checked(istioService, (service) =>
  refusing(service, ['labels'], 'Labels belong to the entries of "route", not here.'),
)

/** The destination of an egress rule: a `service` and nothing else. */
export const externalService: Codec<IstioService> = checked(shape(externalOrSubnet), (service) => {
  const others = refusing(
    service,
    ['name', 'namespace', 'domain', 'labels'],
    'An egress rule names its destination by "service" alone.',
  )
  return service.service === undefined ? [...others, missing('An egress rule needs a "service".')] : others
})

function oneWay(service: IstioService): readonly Finding[] {
  if (service.service === undefined) {
    return service.name === undefined ? [missing('A service needs a "name" or a "service".')] : []
  }
  return refusing(
    service,
    ['name', 'namespace', 'domain'],
    'It excludes "service", which names the service outright.',
  )
}

const missing = (message: string): Finding => ({ code: problemCodes.incomplete, message, path: [] })

const refusing = (
  service: IstioService,
  keys: readonly (keyof IstioService)[],
  message: string,
): readonly Finding[] =>
  keys
    .filter((key) => service[key] !== undefined)
    .map((key) => ({ code: problemCodes.excluded, message, path: [key] }))
