import type { KnownGoodKeeper } from '../adapters/envoy/knownGoodKeeper.ts'
import type { SupervisedEnvoy } from '../adapters/envoy/superviseEnvoy.ts'
import type { NatsAgentBus } from '../adapters/nats/agentBus.ts'
import type { NatsLink } from '../adapters/nats/connectNats.ts'
import type { RunningAgent } from '../streams/agent.ts'
import type { Metric } from './exportCounters.ts'

const counter = (name: string, help: string): Metric => ({ type: 'counter', name, help })
const gauge = (name: string, help: string): Metric => ({ type: 'gauge', name, help })

/** The figures of an agent itself. */
export const agentMetrics: Readonly<
  Record<keyof ReturnType<RunningAgent['counters']> | 'fromController' | 'rejections', Metric>
> = {
  position: gauge('rutter_agent_position', 'Position in the log of what is served.'),
  gaps: counter('rutter_agent_gaps_total', 'Frames before which something was missing.'),
  syncs: counter('rutter_agent_syncs_total', 'Askings of controllers for what is missing.'),
  syncsFailed: counter('rutter_agent_syncs_failed_total', 'Askings that brought nothing.'),
  behind: counter(
    'rutter_agent_controllers_behind_total',
    'Answers of controllers that had not come as far.',
  ),
  streams: gauge('rutter_agent_streams', 'Discovery streams of the Envoy that are open.'),
  streamsRefused: counter('rutter_agent_streams_refused_total', 'Streams of another node.'),
  streamsFailed: counter('rutter_agent_streams_failed_total', 'Streams that a fault of the agent ended.'),
  fromController: gauge('rutter_agent_from_controller', '1: a controller has said what is served.'),
  rejections: gauge('rutter_agent_rejected_resources', 'Resources that the Envoy refuses now.'),
}

/** The figures of what is kept of the last acknowledged configuration. */
export const keeperMetrics: Readonly<Record<keyof ReturnType<KnownGoodKeeper['counters']>, Metric>> = {
  written: counter(
    'rutter_known_good_written_total',
    'Acknowledged configurations that were written to disk.',
  ),
  overtaken: counter('rutter_known_good_overtaken_total', 'Those that a newer one overtook before.'),
  failed: counter('rutter_known_good_failed_total', 'Those that could not be written.'),
}

/** The figures of an agent's side of the bus. */
export const agentBusMetrics: Readonly<Record<keyof ReturnType<NatsAgentBus['counters']>, Metric>> = {
  frames: counter('rutter_agent_frames_total', 'Frames that were heard.'),
  frameBytes: counter('rutter_agent_frame_bytes_total', 'Bytes of the frames that were heard.'),
  framesRefused: counter('rutter_agent_frames_refused_total', 'Messages on topics that were no frames.'),
  verdictsRefused: counter(
    'rutter_agent_verdicts_refused_total',
    'Messages that should have compared what is held with what is intended, and did not.',
  ),
  syncs: counter('rutter_agent_bus_requests_total', 'Requests to controllers.'),
  syncsFailed: counter('rutter_agent_bus_requests_failed_total', 'Requests without an answer.'),
  syncBytes: counter('rutter_agent_sync_bytes_total', 'Bytes of answers of controllers.'),
  subscriptions: gauge('rutter_agent_subscriptions', 'Subjects that are listened to.'),
}

/** The figures of an agent's connection to NATS. */
export const linkMetrics: Readonly<Record<keyof ReturnType<NatsLink['counters']>, Metric>> = {
  disconnects: counter('rutter_nats_disconnects_total', 'Connections to NATS that were lost.'),
  reconnects: counter('rutter_nats_reconnects_total', 'Connections to NATS that came back.'),
  movedOn: counter('rutter_nats_moved_on_total', 'Servers of NATS that were left for another.'),
  stale: counter('rutter_nats_stale_total', 'Connections to NATS that had gone dead without a word.'),
  errors: counter('rutter_nats_errors_total', 'Errors that NATS told.'),
}

/** The figures of the supervised Envoy. */
export const supervisionMetrics: Readonly<
  Record<keyof ReturnType<SupervisedEnvoy['status']>['counters'] | 'live' | 'skippedLogBytes', Metric>
> = {
  starts: counter('rutter_envoy_starts_total', 'Starts of Envoy.'),
  handOvers: counter('rutter_envoy_hand_overs_total', 'Hot restarts that were completed.'),
  failures: counter('rutter_envoy_failures_total', 'Envoys that ended, or did not come up, unasked.'),
  live: gauge('rutter_envoy_live', '1: Envoy is LIVE.'),
  skippedLogBytes: counter(
    'rutter_envoy_log_skipped_bytes_total',
    "Bytes of Envoy's log that were passed over.",
  ),
}
