/** A write that the disk refused. `clean`: nothing of it is left, and the next one may succeed. After a sync that
 *  failed nobody knows what is on the disk, so that is never clean. */
export type WriteFailed = Error & { readonly _tag: 'WriteFailed'; readonly clean: boolean }

/** The error to throw for a write to `path` that failed with `cause`. */
export const writeFailed = (path: string, cause: unknown, clean: boolean): WriteFailed =>
  Object.assign(new Error(`cannot write ${path}: ${(cause as Error).message}`, { cause }), {
    _tag: 'WriteFailed' as const,
    clean,
  })

/** True for a refused write after which the log stands as it stood before. */
export const leftNothing = (error: unknown): boolean =>
  error instanceof Error && (error as Partial<WriteFailed>).clean === true
