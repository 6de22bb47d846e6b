import { durationMs } from '../../model/duration.ts'
import type { IstioLoadBalancer } from '../../model/istio/destinationRule.ts'
import type { Balance, Utilization, Warmup } from '../clusters/balance.ts'

// Istio's default for a ring (DestinationRule, ConsistentHashLB).
const ringLeast = 1024

/** How endpoints are chosen; in turn where the rule does not say. */
export const compileBalance = (loadBalancer: IstioLoadBalancer | undefined): Balance => {
  const hash = loadBalancer?.consistentHash
  if (hash?.maglev !== undefined)
    return { kind: 'maglev', ...(hash.maglev.tableSize && { tableSize: hash.maglev.tableSize }) }
  if (hash !== undefined)
    return {
      kind: 'ring',
      minimumSize: (hash.ringHash?.minimumRingSize ?? hash.minimumRingSize) || ringLeast,
    }
  if (loadBalancer?.backendUtilization !== undefined)
    return { kind: 'utilization', ...utilizationOf(loadBalancer.backendUtilization) }
  const warmup = warmupOf(loadBalancer)
  switch (loadBalancer?.simple) {
    case 'LEAST_CONN':
    case 'LEAST_REQUEST':
      return { kind: 'leastRequest', ...warmup }
    case 'RANDOM':
      return { kind: 'random' }
    case 'PASSTHROUGH':
      return { kind: 'none' }
    default:
      return { kind: 'roundRobin', ...warmup }
  }
}

// An aggression of zero says nothing: Envoy takes it for 1, and complains with every reckoning.
const warmupOf = ({ warmup, warmupDurationSecs }: IstioLoadBalancer = {}): { readonly warmup?: Warmup } => {
  const ms = durationMs(warmup?.duration ?? warmupDurationSecs ?? '')
  if (ms === undefined) return {}
  const { minimumPercent, aggression } = warmup ?? {}
  return {
    warmup: {
      ms,
      ...(minimumPercent !== undefined && { leastPercent: minimumPercent }),
      ...(aggression && { aggression }),
    },
  }
}

const utilizationOf = (utilization: NonNullable<IstioLoadBalancer['backendUtilization']>): Utilization => {
  const stabilizationMs = durationMs(utilization.weightStabilizationPeriod ?? '')
  const expirationMs = durationMs(utilization.weightExpirationPeriod ?? '')
  const updateMs = durationMs(utilization.weightUpdatePeriod ?? '')
  const penalty = utilization.errorUtilizationPenaltyPercent
  const metrics = utilization.metricNamesForComputingUtilization
  return {
    ...(stabilizationMs !== undefined && { stabilizationMs }),
    ...(expirationMs !== undefined && { expirationMs }),
    ...(updateMs !== undefined && { updateMs }),
    ...(penalty && { errorPenalty: penalty / 100 }),
    ...(metrics && { metrics }),
  }
}
