/** Another process (or this one, a second time) writes to the log. */
export type LogInUse = Error & {
  readonly _tag: 'LogInUse'
  readonly directory: string
  readonly pid: number
}

/** The error to throw when `pid` holds the lock of `directory`. */
export const logInUse = (directory: string, pid: number): LogInUse =>
  Object.assign(new Error(`the log ${directory} is in use by process ${pid}`), {
    _tag: 'LogInUse' as const,
    directory,
    pid,
  })

/** True for errors that `logInUse` made. */
export const isLogInUse = (error: unknown): error is LogInUse =>
  error instanceof Error && (error as Partial<LogInUse>)._tag === 'LogInUse'
