import type { L4Match, RuleMatch, StringMatch } from '../../model/routeRule.ts'
import { problemCodes } from '../problemCode.ts'
import { type Codec, checked, type Finding } from '../shapes/codec.ts'
import { headerName } from '../shapes/header.ts'
import { listOf } from '../shapes/listOf.ts'
import { mapOf } from '../shapes/mapOf.ts'
import { subnet } from '../shapes/network.ts'
import { regex } from '../shapes/regex.ts'
import { optional, struct } from '../shapes/struct.ts'
import { plainText, text } from '../shapes/text.ts'
import { istioService } from './istioService.ts'

// Longer than any header that Envoy takes by default (60 KiB for all of them).
const matchMost = 8192

const exact = text(
  'exact',
  problemCodes.badText,
  `at most ${matchMost} characters without control characters`,
  (value) => value.length <= matchMost && !/\p{Cc}/u.test(value),
)

const stringMatch: Codec<StringMatch> = checked(
  struct<StringMatch>('a match', {
    exact: optional(exact),
    prefix: optional(plainText('prefix', matchMost)),
    regex: optional(regex),
  }),
  (match) => {
    const keys = Object.keys(match)
    if (keys.length === 1) return []
    const found = keys.length === 0 ? 'none of them' : keys.join(' and ')
    const message = `A match has exactly one of exact, prefix and regex; found ${found}.`
    return [{ code: problemCodes.incomplete, message, path: [] }]
  },
)

const headers = checked(mapOf('headers', headerName, stringMatch), ({ uri }) =>
  uri?.exact === ''
    ? [{ code: problemCodes.badText, message: 'A path is never empty.', path: ['uri', 'exact'] }]
    : [],
)

const l4Match = struct<L4Match>('match', {
  sourceSubnet: optional(listOf('subnets', subnet)),
  destinationSubnet: optional(listOf('subnets', subnet)),
})

type RequestMatch = NonNullable<RuleMatch['request']>

/** The conditions of a rule. A match on UDP is refused: Envoy routes no datagrams by rule. */
export const ruleMatch: Codec<RuleMatch> = checked(
  struct<RuleMatch>('match', {
    source: optional(istioService),
    tcp: optional(l4Match),
    udp: optional(l4Match),
    request: optional(struct<RequestMatch>('request', { headers: optional(headers) })),
  }),
  ({ udp }): readonly Finding[] =>
    udp === undefined
      ? []
      : [
          {
            code: problemCodes.notExpressible,
            message: 'A match on UDP is not expressible in Envoy, which routes connections and requests.',
            path: ['udp'],
          },
        ],
)
