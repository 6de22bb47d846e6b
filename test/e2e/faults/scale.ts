const full = process.env['RUTTER_FAULTS'] === 'full'

/** How much is done to the fleet: little, so that every change can be tested so, or with `RUTTER_FAULTS=full` all. */
export const scale = {
  seed: Number(process.env['RUTTER_SEED'] ?? 20_261_128),
  /** How often a controller is killed, at random moments. */
  kills: full ? 20 : 3,
  /** How long all controllers, or all of NATS, are gone. */
  outageMs: full ? 60_000 : 5_000,
  /** Hot restarts of an Envoy under load. */
  hotRestarts: full ? 10 : 4,
  /** Events that three controllers are fed. */
  events: full ? 100_000 : 10_000,
  /** How long one server of NATS is gone, frozen or cut off. */
  nodeOutageMs: full ? 20_000 : 3_000,
  /** Requests a second that the full run must have been under; a small machine may not manage as many beside other tests. */
  perSecond: full ? 200 : 50,
  /** After its end a fault is over for the agents within so long. */
  convergedWithinMs: full ? 5_000 : 20_000,
  /** Writes are back so long after the leader is gone. */
  writesBackWithinMs: full ? 10_000 : 30_000,
}
