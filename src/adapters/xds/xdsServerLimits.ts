/** Bounds of the xDS server. */
export type XdsServerLimits = {
  /** Streams open at once; more are refused with RESOURCE_EXHAUSTED. */
  readonly maxStreams: number
  /** A larger request ends its stream with RESOURCE_EXHAUSTED. */
  readonly maxRequestBytes: number
  /** Responses that may wait for a slow client, per stream; more end it with RESOURCE_EXHAUSTED. */
  readonly maxQueuedBytes: number
  /** How often a silent connection is probed, and how long its answer may take. */
  readonly keepaliveMs: number
  readonly keepaliveTimeoutMs: number
  /** How long `close` lets open streams end by themselves. */
  readonly closeWaitMs: number
}

/** Node messages of Envoy are some 60 kB; istiod takes 4 MiB. */
export const defaultXdsServerLimits: XdsServerLimits = {
  maxStreams: 20_000,
  maxRequestBytes: 4 * 1024 * 1024,
  maxQueuedBytes: 64 * 1024 * 1024,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  closeWaitMs: 5_000,
}
