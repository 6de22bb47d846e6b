import type { EgressRuleSpec } from '../../model/egressRule.ts'
import { isSubnet } from '../ipAddress.ts'
import { problemCodes } from '../problemCode.ts'
import { choiceInAnyCase } from '../shapes/choice.ts'
import { type Codec, checked, type Finding } from '../shapes/codec.ts'
import { duplicates } from '../shapes/duplicates.ts'
import { listOf } from '../shapes/listOf.ts'
import { port } from '../shapes/network.ts'
import { truth } from '../shapes/number.ts'
import { optional, struct } from '../shapes/struct.ts'
import { externalService } from './istioService.ts'

const byConnection = ['TCP', 'Mongo']
const protocols = ['HTTP', 'HTTPS', 'HTTP2', 'GRPC', ...byConnection]

type EgressPort = EgressRuleSpec['ports'][number]

const egressPort = struct<EgressPort>('a port', {
  port,
  protocol: choiceInAnyCase('protocol of an egress rule', protocols),
})

/** The spec of an EgressRule of 2017; a subnet as destination leaves nothing to route by but the connection. */
export const egressRuleSpec: Codec<EgressRuleSpec> = checked(
  struct<EgressRuleSpec>('spec', {
    destination: externalService,
    ports: listOf('ports', egressPort, 1),
    useEgressProxy: optional(truth),
  }),
  (spec) => [
    ...duplicates(
      spec.ports,
      (one) => one.port,
      'port',
      (i) => ['ports', i, 'port'],
    ),
    ...subnetProtocols(spec),
    ...egressProxy(spec),
  ],
)

const subnetProtocols = ({ destination, ports }: EgressRuleSpec): readonly Finding[] => {
  const { service = '' } = destination
  if (!service.includes('/') || !isSubnet(service)) return []
  return ports.flatMap(({ protocol }, i) =>
    byConnection.includes(protocol)
      ? []
      : [
          {
            code: problemCodes.excluded,
            message: `Of a subnet only ${byConnection.join(' and ')} can be routed, not ${protocol}.`,
            path: ['ports', i, 'protocol'],
          },
        ],
  )
}

const egressProxy = ({ useEgressProxy }: EgressRuleSpec): readonly Finding[] =>
  useEgressProxy === true
    ? [
        {
          code: problemCodes.notExpressible,
          message: 'There is no egress proxy; leave useEgressProxy out.',
          path: ['useEgressProxy'],
        },
      ]
    : []
