import type { NatsControllerBus } from '../adapters/nats/controllerBus.ts'
import type { FollowedCertificates } from '../adapters/secrets/followedCertificates.ts'
import type { SecretFiles } from '../adapters/secrets/secretFiles.ts'
import type { XdsServerCounters } from '../adapters/xds/xdsServerCounters.ts'
import type { Checkpointing } from '../streams/checkpointing.ts'
import type { RunningController } from '../streams/controller.ts'
import type { Publishing } from '../streams/publishing.ts'
import type { Metric } from './exportCounters.ts'
import type { FollowedDirectory } from './followDirectory.ts'
import type { NatsLogCounters } from './openNatsLog.ts'

const counter = (name: string, help: string): Metric => ({ type: 'counter', name, help })
const gauge = (name: string, help: string): Metric => ({ type: 'gauge', name, help })

/** The figures of the controller itself. */
export const controllerMetrics: Readonly<Record<keyof ReturnType<RunningController['counters']>, Metric>> = {
  position: gauge('rutter_position', 'Position in the log up to which the mesh is folded.'),
  projected: gauge('rutter_projected_position', 'Position up to which the mesh is projected.'),
  waiting: gauge('rutter_writes_waiting', 'Requests that wait for their append.'),
  appended: counter('rutter_entries_appended_total', 'Entries that this controller appended.'),
  conflicts: counter('rutter_append_conflicts_total', 'Appends that came second and were admitted again.'),
  refused: counter('rutter_writes_refused_total', 'Requests that were refused, for whatever reason.'),
  streams: gauge('rutter_streams', 'Discovery streams that are open.'),
  streamsRefused: counter('rutter_streams_refused_total', 'Streams whose node could not be told.'),
  streamsFailed: counter('rutter_streams_failed_total', 'Streams that a fault of the controller ended.'),
  known: gauge('rutter_proxies_known', 'Proxies that are connected or are remembered.'),
  connected: gauge('rutter_proxies_connected', 'Proxies that have a stream here.'),
  forgotten: counter(
    'rutter_proxies_forgotten_total',
    'Absent proxies that were forgotten to keep the bound.',
  ),
  proxies: gauge('rutter_projected_proxies', 'Proxies whose configuration is kept up with the mesh.'),
  views: gauge('rutter_views', 'Lists of what proxies may call that proxies share.'),
  slices: gauge('rutter_slices', 'Shared pieces of configuration, each of one service.'),
  endpointsHeld: gauge(
    'rutter_endpoints_held',
    'Proxies whose endpoints callers are not told of yet: they do not listen there so far.',
  ),
  endpointsHeldInVain: counter(
    'rutter_endpoints_held_in_vain_total',
    'Proxies that had not acknowledged their listeners when callers were told after all.',
  ),
}

/** The figures of the fleet that are worked out when they are asked for. */
export const fleetMetrics: Readonly<Record<'rejections', Metric>> = {
  rejections: gauge('rutter_rejected_resources', 'Resources that proxies refuse now.'),
}

/** The figures of a log in NATS and of the connection to it. */
export const natsLogMetrics: Readonly<Record<keyof NatsLogCounters, Metric>> = {
  appended: counter('rutter_log_appended_total', 'Entries that were stored in the stream.'),
  conflicts: counter('rutter_log_conflicts_total', 'Appends that came second.'),
  uncertain: counter('rutter_log_uncertain_total', 'Appends without answer, sent again.'),
  heldBack: counter('rutter_log_held_back_total', 'Appends that waited for the turn of another writer.'),
  retried: counter('rutter_log_retried_total', 'Requests to the servers that were sent again.'),
  reopened: counter('rutter_log_reopened_total', 'Readings of the stream that were begun anew.'),
  disconnects: counter('rutter_nats_disconnects_total', 'Connections to NATS that were lost.'),
  reconnects: counter('rutter_nats_reconnects_total', 'Connections to NATS that came back.'),
  movedOn: counter('rutter_nats_moved_on_total', 'Servers of NATS that were left for another.'),
  stale: counter('rutter_nats_stale_total', 'Connections to NATS that had gone dead without a word.'),
  errors: counter('rutter_nats_errors_total', 'Errors that NATS told.'),
}

/** The figures of a controller's side of the bus. */
export const busMetrics: Readonly<Record<keyof ReturnType<NatsControllerBus['counters']>, Metric>> = {
  framesDropped: counter('rutter_bus_frames_dropped_total', 'Frames for which there was no connection.'),
  framesTooLarge: counter('rutter_bus_frames_too_large_total', 'Frames beyond the payload limit of NATS.'),
  messagesRefused: counter(
    'rutter_bus_messages_refused_total',
    'Messages that were not what, or not from whom, they must be.',
  ),
  syncsPutOff: counter(
    'rutter_bus_syncs_put_off_total',
    'Agents that must ask again: too many asked at once.',
  ),
  controllers: gauge('rutter_bus_controllers', 'Controllers of the mesh that are seen, this one included.'),
  sharing: gauge('rutter_bus_controllers_sharing', 'Of these, those that share the work of publishing.'),
}

/** The figures of what is told to agents. */
export const publishingMetrics: Readonly<Record<keyof ReturnType<Publishing['counters']>, Metric>> = {
  agents: gauge('rutter_agents', 'Agents that are heard, or were a moment ago.'),
  framesPublished: counter('rutter_frames_published_total', 'Changes that were published on a topic.'),
  syncsAnswered: counter('rutter_syncs_answered_total', 'Agents that were told what they miss.'),
  syncedFrames: counter('rutter_synced_frames_total', 'Frames that they were told.'),
  agentsRefused: counter('rutter_agents_refused_total', 'Messages of agents whose node id is none.'),
  statusesCompared: counter(
    'rutter_statuses_compared_total',
    'Statuses of agents that were compared with what is intended.',
  ),
  statusesOnTheirWay: counter(
    'rutter_statuses_on_their_way_total',
    'Of these, those that lacked what had changed a moment before.',
  ),
  statusesMissing: counter(
    'rutter_statuses_missing_total',
    'Of these, those that showed that something had been lost, and must be asked for.',
  ),
  sharesChanged: counter(
    'rutter_shares_changed_total',
    'How often the controllers that share the work of publishing became others.',
  ),
}

/** The figures of who reads a registry that several controllers have. */
export const registryMetrics: Readonly<Record<keyof ReturnType<FollowedDirectory['counters']>, Metric>> = {
  leader: gauge('rutter_registry_leader', 'Whether this controller is the one that reads the registry.'),
  taken: counter('rutter_registry_taken_total', 'How often this controller became the one that reads.'),
  lost: counter('rutter_registry_lost_total', 'How often it had to leave that to another.'),
}

/** The figures of checkpointing. */
export const checkpointMetrics: Readonly<Record<keyof ReturnType<Checkpointing['counters']>, Metric>> = {
  written: counter('rutter_checkpoints_written_total', 'Checkpoints that were written.'),
  failed: counter('rutter_checkpoints_failed_total', 'Checkpoints that could not be written.'),
}

/** The figures of `serve --secrets`. */
export const secretMetrics: Readonly<Record<keyof SecretFiles['counters'], Metric>> = {
  secrets: gauge('rutter_secrets', 'Secrets that there are files of.'),
  unusable: gauge('rutter_secrets_unusable', 'Secrets whose files cannot be used.'),
  beyondBound: gauge('rutter_secrets_beyond_bound', 'Secrets that are not read, as there are too many.'),
}

/** The figures of files of workloads' certificates, which Envoys read. */
export const certificateMetrics: Readonly<Record<keyof FollowedCertificates['counters'], Metric>> = {
  changed: counter(
    'rutter_certificates_changed_total',
    'Times that Envoys were told to read certificates of their workloads again.',
  ),
  halfSeen: counter(
    'rutter_certificates_half_changed_total',
    'Looks that found such files half changed, which Envoys were not told of.',
  ),
  unusable: gauge('rutter_certificates_unusable', 'Secrets whose files are half changed or of no use now.'),
  beyondBound: counter(
    'rutter_certificates_beyond_bound_total',
    'Askings for files that are not followed, as there are too many.',
  ),
}

/** The figures of the xDS server. */
export const xdsMetrics: Readonly<Record<keyof XdsServerCounters, Metric>> = {
  streams: gauge('rutter_xds_streams', 'gRPC streams that are open.'),
  opened: counter('rutter_xds_streams_opened_total', 'gRPC streams that were opened.'),
  refused: counter('rutter_xds_streams_refused_total', 'gRPC streams refused because too many were open.'),
  requests: counter('rutter_xds_requests_total', 'Discovery requests and acknowledgements that came.'),
  responses: counter('rutter_xds_responses_total', 'Discovery responses that were sent.'),
  sentBytes: counter('rutter_xds_sent_bytes_total', 'Bytes of discovery responses that were sent.'),
  malformed: counter('rutter_xds_malformed_requests_total', 'Requests that could not be read.'),
  overflowed: counter(
    'rutter_xds_streams_overflowed_total',
    'Streams ended because their client did not read.',
  ),
}
