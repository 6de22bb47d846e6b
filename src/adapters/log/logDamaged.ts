import type { Position } from '../../model/entry.ts'

/** A log or checkpoint that cannot be believed. `position` is the first entry that is lost or wrong, 0 where the
 *  damage concerns the log as a whole. Nothing of the directory has been changed. */
export type LogDamaged = Error & {
  readonly _tag: 'LogDamaged'
  readonly file: string
  readonly position: Position
  readonly reason: string
}

/** The error to throw for damage in `file`. */
export const logDamaged = (file: string, position: Position, reason: string): LogDamaged =>
  Object.assign(new Error(`the log is damaged at position ${position}, ${file}: ${reason}`), {
    _tag: 'LogDamaged' as const,
    file,
    position,
    reason,
  })

/** The error to throw where `file` should hold a log and there is none: damage that has no place. */
export const logAbsent = (file: string): LogDamaged =>
  Object.assign(new Error(`there is no log here: ${file}`), {
    _tag: 'LogDamaged' as const,
    file,
    position: 0,
    reason: 'there is no log here',
  })

/** True for errors that `logDamaged` made. */
export const isLogDamaged = (error: unknown): error is LogDamaged =>
  error instanceof Error && (error as Partial<LogDamaged>)._tag === 'LogDamaged'
