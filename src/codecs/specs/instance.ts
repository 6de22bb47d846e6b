import type * as t from 'io-ts'
import type { InstancePort, InstanceSpec } from '../../model/instance.ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, checked, codec } from '../shapes/codec.ts'
import { duplicates } from '../shapes/duplicates.ts'
import { listOf } from '../shapes/listOf.ts'
import { mapOf } from '../shapes/mapOf.ts'
import { dnsLabel, dnsName, isDnsName, labels } from '../shapes/names.ts'
import { address, port, protocol, socket } from '../shapes/network.ts'
import { wholeNumber } from '../shapes/number.ts'
import { isMap, optional, struct } from '../shapes/struct.ts'
import { plainText, text } from '../shapes/text.ts'

const serviceName = text(
  'service',
  problemCodes.badHostname,
  'the name of a service in this namespace, or a hostname where it holds a dot',
  isDnsName,
)

const serviceNames = checked(listOf('services', serviceName, 1), (names) =>
  duplicates(
    names,
    (name) => name,
    'service',
    (i) => [i],
  ),
)

const service: Codec<InstanceSpec['service']> = codec<InstanceSpec['service']>('service', (input, context) =>
  Array.isArray(input) ? serviceNames.validate(input, context) : serviceName.validate(input, context),
)

const portWithApp = struct<Exclude<InstancePort, number>>('a port', { port, app: optional(socket) })

const instancePort: Codec<InstancePort> = codec(
  'port',
  (input, context): t.Validation<InstancePort> =>
    isMap(input) ? portWithApp.validate(input, context) : port.validate(input, context),
)

type ManagementPort = NonNullable<InstanceSpec['managementPorts']>[number]

const managementPort = struct<ManagementPort>('a management port', { port, protocol: optional(protocol) })

const managementPorts = checked(listOf('management ports', managementPort), (ports) =>
  duplicates(
    ports,
    (one) => one.port,
    'management port',
    (i) => [i, 'port'],
  ),
)

/** The spec of an Instance. Its ports are held against those of its services by the projections' diagnostics, as a
 *  service may come later. */
export const instanceSpec: Codec<InstanceSpec> = struct<InstanceSpec>('spec', {
  service,
  address,
  labels: optional(labels),
  ports: mapOf('ports', dnsLabel('port name'), instancePort),
  managementPorts: optional(managementPorts),
  weight: optional(wholeNumber('weight', 1, 128)),
  zone: optional(plainText('zone', 253)),
  serviceAccount: optional(dnsName('serviceAccount')),
})
