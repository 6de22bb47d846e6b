/** Bounds of delivering to one stream, in milliseconds where the name says so. */
export type DeliveryLimits = {
  /** How long the order of one type's changes waits for an ACK before it goes on. */
  readonly ackWaitMs: number
  /** How long what nothing names any more stays. */
  readonly graceMs: number
  /** Responses remembered while unacknowledged, per type; the oldest is forgotten. */
  readonly maxFlights: number
  /** Names that one client may subscribe to, per type; more end the stream. */
  readonly maxNames: number
}

/** 5 s for an ACK and 1.5 s of grace, for a listener and then for its cluster, keep removals within 10 s of the change (contract §2). */
export const defaultDeliveryLimits: DeliveryLimits = {
  ackWaitMs: 5_000,
  graceMs: 1_500,
  maxFlights: 16,
  maxNames: 100_000,
}
