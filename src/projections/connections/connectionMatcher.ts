import type { JsonObject } from '../json.ts'
import type { ConnectionChain } from '../listeners/connectionChain.ts'
import { rangeJson } from './subnetRange.ts'

const inputs = 'type.googleapis.com/envoy.extensions.matching.common_inputs.network.v3'

/** Envoy's `filter_chain_matcher` that sends each connection to the first of `chains` that takes it. Chain matches of
 *  the usual form go by what is more specific instead, and never back. */
export const connectionMatcherJson = (
  chains: readonly { readonly name: string; readonly predicate: JsonObject }[],
): JsonObject => ({
  matcher_list: {
    matchers: chains.map(({ name, predicate }) => ({
      predicate,
      on_match: {
        action: {
          name,
          typed_config: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: name },
        },
      },
    })),
  },
})

/** The predicate of the connections that `chain` takes, which are not all. */
export const connectionPredicateJson = ({
  serverNames,
  subnets,
  sources = [],
  ended,
}: ConnectionChain): JsonObject =>
  joined('and_matcher', [
    ...(ended === undefined ? [] : [valued('TransportProtocolInput', { exact: 'tls' })]),
    ...(subnets.length === 0 ? [] : [inSubnets('DestinationIPInput', subnets)]),
    ...(sources.length === 0 ? [] : [inSubnets('SourceIPInput', sources)]),
    ...(serverNames.length === 0 ? [] : [joined('or_matcher', serverNames.map(named))]),
  ])

/** The predicate of connections that speak HTTP, as Envoy's HTTP inspector sees; what TLS offers to speak within it is
 *  not meant. */
export const httpPredicateJson: JsonObject = joined('and_matcher', [
  valued('TransportProtocolInput', { exact: 'raw_buffer' }),
  joined(
    'or_matcher',
    ['http/1.0', 'http/1.1', 'h2c'].map((protocol) =>
      valued('ApplicationProtocolInput', { exact: `'${protocol}'` }),
    ),
  ),
])

function joined(how: 'and_matcher' | 'or_matcher', predicates: readonly JsonObject[]): JsonObject {
  const [only] = predicates
  return predicates.length === 1 && only !== undefined ? only : { [how]: { predicate: predicates } }
}

const inSubnets = (input: string, subnets: readonly string[]): JsonObject => ({
  single_predicate: {
    input: inputJson(input),
    custom_match: {
      name: 'envoy.matching.matchers.ip',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.matching.input_matchers.ip.v3.Ip',
        cidr_ranges: subnets.map(rangeJson),
        stat_prefix: 'connections',
      },
    },
  },
})

const named = (name: string): JsonObject =>
  valued('ServerNameInput', name.startsWith('*.') ? { suffix: name.slice(1) } : { exact: name })

function valued(input: string, value_match: JsonObject): JsonObject {
  return { single_predicate: { input: inputJson(input), value_match } }
}

function inputJson(input: string): JsonObject {
  return { name: input, typed_config: { '@type': `${inputs}.${input}` } }
}
