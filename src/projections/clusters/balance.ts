import { envoyDuration } from '../envoyDuration.ts'
import { given } from '../given.ts'
import type { JsonObject } from '../json.ts'

/** How a cluster chooses an endpoint; `none` leaves that to where the connection was going. */
export type Balance =
  | { readonly kind: 'roundRobin' | 'leastRequest'; readonly warmup?: Warmup }
  | { readonly kind: 'random' | 'none' }
  | { readonly kind: 'ring'; readonly minimumSize?: number }
  | { readonly kind: 'maglev'; readonly tableSize?: number }
  | ({ readonly kind: 'utilization' } & Utilization)

/** Endpoints that are new get their full share after `ms`, and until then at least `leastPercent` of it (10 by default);
 *  with an `aggression` of more than 1 faster than by and by. */
export type Warmup = { readonly ms: number; readonly leastPercent?: number; readonly aggression?: number }

/** Shares by what endpoints report of their load in their answers (ORCA); absent times are Envoy's. */
export type Utilization = {
  /** A report counts once there have been some for this long; 10 s. */
  readonly stabilizationMs?: number
  /** It no longer counts after this long; 3 min. */
  readonly expirationMs?: number
  /** Shares are reckoned anew this often; 1 s. */
  readonly updateMs?: number
  /** By how much errors per request add to the load. */
  readonly errorPenalty?: number
  /** Of the report, what the load is; `application_utilization` by default. */
  readonly metrics?: readonly string[]
}

/** The fields of an Envoy cluster that say how it chooses. */
export const balanceJson = (balance: Balance): JsonObject => {
  switch (balance.kind) {
    case 'roundRobin':
      return { lb_policy: 'ROUND_ROBIN', ...warmupJson('round_robin_lb_config', balance.warmup) }
    case 'leastRequest':
      return { lb_policy: 'LEAST_REQUEST', ...warmupJson('least_request_lb_config', balance.warmup) }
    case 'random':
      return { lb_policy: 'RANDOM' }
    case 'none':
      return { lb_policy: 'CLUSTER_PROVIDED' }
    case 'utilization':
      return utilizationJson(balance)
    case 'ring':
      return {
        lb_policy: 'RING_HASH',
        ...(balance.minimumSize === undefined
          ? {}
          : { ring_hash_lb_config: { minimum_ring_size: balance.minimumSize } }),
      }
    case 'maglev':
      return {
        lb_policy: 'MAGLEV',
        ...(balance.tableSize === undefined ? {} : { maglev_lb_config: { table_size: balance.tableSize } }),
      }
  }
}

const warmupJson = (field: string, warmup: Warmup | undefined): JsonObject =>
  warmup === undefined
    ? {}
    : {
        [field]: {
          slow_start_config: {
            slow_start_window: envoyDuration(warmup.ms),
            ...(warmup.leastPercent === undefined
              ? {}
              : { min_weight_percent: { value: warmup.leastPercent } }),
            ...(warmup.aggression === undefined
              ? {}
              : {
                  aggression: { default_value: warmup.aggression, runtime_key: 'rutter.warmup.aggression' },
                }),
          },
        },
      }

const utilizationJson = (utilization: Utilization): JsonObject => ({
  load_balancing_policy: {
    policies: [
      {
        typed_extension_config: {
          name: 'envoy.load_balancing_policies.client_side_weighted_round_robin',
          typed_config: {
            '@type': clientSideWeightedRoundRobin,
            ...duration('blackout_period', utilization.stabilizationMs),
            ...duration('weight_expiration_period', utilization.expirationMs),
            ...duration('weight_update_period', utilization.updateMs),
            ...given('error_utilization_penalty', utilization.errorPenalty),
            ...(utilization.metrics === undefined
              ? {}
              : { metric_names_for_computing_utilization: utilization.metrics }),
          },
        },
      },
    ],
  },
})

const clientSideWeightedRoundRobin =
  'type.googleapis.com/envoy.extensions.load_balancing_policies.client_side_weighted_round_robin.v3.ClientSideWeightedRoundRobin'

const duration = (field: string, ms: number | undefined): JsonObject =>
  ms === undefined ? {} : { [field]: envoyDuration(ms) }
