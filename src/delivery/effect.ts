import type { XdsResponse } from '../model/xdsMessage.ts'

/** What the caller is to do for a stream, in order. Of several `wakeAt` the last one counts: call `tick` then. */
export type Effect =
  | { readonly type: 'send'; readonly response: XdsResponse }
  | { readonly type: 'wakeAt'; readonly atMs: number }
  /** The client broke the protocol: end the stream with this gRPC status. */
  | { readonly type: 'end'; readonly code: number; readonly message: string }
