import type { IngressRuleSpec } from '../../model/ingressRule.ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, checked } from '../shapes/codec.ts'
import { dnsLabel, isDnsLabel, isDnsName } from '../shapes/names.ts'
import { port } from '../shapes/network.ts'
import { optional, struct } from '../shapes/struct.ts'
import { text } from '../shapes/text.ts'
import { unlabelledService } from './istioService.ts'
import { precedence } from './precedence.ts'
import { ruleMatch } from './ruleMatch.ts'

const secret = text('tlsSecret', problemCodes.badName, 'a secret as "name.namespace"', (value) => {
  const dot = value.lastIndexOf('.')
  return dot > 0 && isDnsName(value.slice(0, dot)) && isDnsLabel(value.slice(dot + 1))
})

/** The spec of an IngressRule of 2017; its port is chosen by number or by name. */
export const ingressRuleSpec: Codec<IngressRuleSpec> = checked(
  struct<IngressRuleSpec>('spec', {
    destination: unlabelledService,
    destinationPort: optional(port),
    destinationPortName: optional(dnsLabel('port name')),
    port: optional(port),
    tlsSecret: optional(secret),
    precedence: optional(precedence),
    match: optional(ruleMatch),
  }),
  ({ destinationPort, destinationPortName }) =>
    destinationPort === undefined || destinationPortName === undefined
      ? []
      : [
          {
            code: problemCodes.excluded,
            message: 'destinationPort and destinationPortName exclude each other.',
            path: ['destinationPortName'],
          },
        ],
)
