/** Bounds of supervision. */
export type SupervisionLimits = {
  /** Delay before the first new try; it doubles with each failure in a row. */
  readonly backOffMs: number
  /** Failures in a row before trying pauses for `healMs`. */
  readonly budget: number
  /** How long an exhausted budget takes to heal. */
  readonly healMs: number
  /** How long an Envoy must live, wanting nothing, to heal the budget. */
  readonly healthyMs: number
  /** How long a new Envoy's admin may be silent. */
  readonly firstAnswerMs: number
  /** How long the admin of an Envoy that was found, or that lost its parent, may be silent. */
  readonly confirmMs: number
  /** How long the admin of an Envoy that has answered before may be silent. */
  readonly silenceMs: number
  /** How long a child may take to be LIVE. */
  readonly handOverMs: number
  /** Envoy's `--parent-shutdown-time-s`: a parent leaves that long after its child is LIVE. */
  readonly parentShutdownMs: number
  /** Draining lasts that long at least: callers must learn that this Envoy is leaving. */
  readonly drainAtLeastMs: number
  /** Draining is given up afterwards, whatever is still under way. */
  readonly drainAtMostMs: number
  /** From SIGTERM to SIGKILL. */
  readonly graceMs: number
  /** Between two questions to the admin of an Envoy that is LIVE; of one that is not yet. */
  readonly askMs: number
  readonly askSoonMs: number
}

/** 200 ms doubling, ten tries: as the first Istio Pilot's agent had it (2017). Envoy is LIVE 0.1 to 0.25 s after its
 *  start; a child gets a hundred times that. */
export const supervisionLimits: SupervisionLimits = {
  backOffMs: 200,
  budget: 10,
  healMs: 300_000,
  healthyMs: 60_000,
  firstAnswerMs: 15_000,
  confirmMs: 2_000,
  silenceMs: 30_000,
  handOverMs: 30_000,
  parentShutdownMs: 60_000,
  drainAtLeastMs: 2_000,
  drainAtMostMs: 45_000,
  graceMs: 3_000,
  askMs: 5_000,
  askSoonMs: 50,
}
