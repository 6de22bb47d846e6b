import type { ServicePort, ServiceSpec } from '../../model/service.ts'
import { choice } from '../shapes/choice.ts'
import { type Codec, checked } from '../shapes/codec.ts'
import { duplicates } from '../shapes/duplicates.ts'
import { listOf } from '../shapes/listOf.ts'
import { dnsLabel, hostname } from '../shapes/names.ts'
import { address, port, protocol } from '../shapes/network.ts'
import { optional, struct } from '../shapes/struct.ts'

const servicePort = struct<ServicePort>('a port', {
  name: dnsLabel('port name'),
  port,
  protocol: optional(protocol),
  authPolicy: optional(choice('authPolicy', ['enable', 'disable'])),
})

/** The spec of a Service: at least one port; no name and no number twice. */
export const serviceSpec: Codec<ServiceSpec> = checked(
  struct<ServiceSpec>('spec', {
    hostname: optional(hostname),
    address: optional(address),
    ports: listOf('ports', servicePort, 1),
    externalName: optional(hostname),
  }),
  ({ ports }) => [
    ...duplicates(
      ports,
      ({ name }) => name,
      'port name',
      (i) => ['ports', i, 'name'],
    ),
    ...duplicates(
      ports,
      (one) => one.port,
      'port',
      (i) => ['ports', i, 'port'],
    ),
  ],
)
