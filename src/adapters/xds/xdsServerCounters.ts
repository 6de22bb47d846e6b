/** What an xDS server has seen since it started. */
export type XdsServerCounters = {
  /** Open now. */
  streams: number
  opened: number
  /** Refused because too many were open. */
  refused: number
  requests: number
  responses: number
  sentBytes: number
  /** Requests that could not be read. */
  malformed: number
  /** Streams ended because the client did not take what it was sent. */
  overflowed: number
}
