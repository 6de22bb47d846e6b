/** Why there is no connection, or no log on it. `advice` is a sentence without its stop. */
export type NatsRefused = Error & {
  readonly _tag: 'NatsRefused'
  readonly code: 'unreachable' | 'unauthorized' | 'unreadable' | 'unfit'
  readonly advice: string
}

/** A `NatsRefused`: `unreachable` servers, `unauthorized` or `unreadable` credentials, or a server or stream that is
 *  `unfit` to hold the log. */
export const natsRefused = (
  code: NatsRefused['code'],
  problem: string,
  advice: string,
  cause?: unknown,
): NatsRefused =>
  Object.assign(new Error(`${problem}; ${advice}`, { cause }), {
    _tag: 'NatsRefused' as const,
    code,
    advice,
  })

/** True for errors that `natsRefused` made. */
export const isNatsRefused = (error: unknown): error is NatsRefused =>
  error instanceof Error && (error as Partial<NatsRefused>)._tag === 'NatsRefused'
