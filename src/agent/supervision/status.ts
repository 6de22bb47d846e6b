import type { Supervision } from './supervision.ts'

/** What a person or a probe may know of a supervised Envoy. */
export type SupervisionStatus = {
  /** `failed`: the budget is used up, and nothing serves; `running` may go with `stale`. */
  readonly state:
    | 'starting'
    | 'running'
    | 'handingOver'
    | 'waiting'
    | 'failed'
    | 'draining'
    | 'drained'
    | 'stopping'
    | 'stopped'
  /** Of the Envoy that serves. */
  readonly epoch?: number
  /** It serves, but not by the wanted bootstrap and binary, or without its admin. */
  readonly stale: boolean
  readonly lastFailure?: string
  /** Failures in a row. */
  readonly failures: number
  readonly counters: Supervision['counters']
}

/** How supervision stands. */
export const statusOf = (state: Supervision): SupervisionStatus => {
  const { failures, counters, lastFailure } = state
  const rest = { failures, counters, ...(lastFailure === undefined ? {} : { lastFailure }) }
  return { ...standing(state), ...rest }
}

const standing = (state: Supervision): Pick<SupervisionStatus, 'state' | 'epoch' | 'stale'> => {
  const { phase, wanted, exhausted } = state
  switch (phase.type) {
    case 'waiting':
      return { state: exhausted ? 'failed' : 'waiting', stale: false }
    case 'alone': {
      const { envoy, heard, mute } = phase
      const stale = mute || envoy.launch !== wanted
      return { state: heard === 'live' ? 'running' : 'starting', epoch: envoy.epoch, stale }
    }
    case 'handingOver':
      return { state: 'handingOver', epoch: phase.parent.epoch, stale: phase.parent.launch !== wanted }
    case 'settling':
      return { state: 'running', epoch: phase.child.epoch, stale: phase.child.launch !== wanted }
    case 'clearing':
      return { state: 'waiting', stale: false }
    case 'draining':
      return {
        state: phase.idle && phase.afterwards === 'stay' ? 'drained' : 'draining',
        epoch: phase.asked.epoch,
        stale: phase.asked.launch !== wanted,
      }
    case 'terminating':
      return { state: 'stopping', stale: false }
    case 'stopped':
      return { state: 'stopped', stale: false }
  }
}
