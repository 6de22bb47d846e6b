/** What is the matter with a resource that was accepted. Line and column from 1, where the source is at hand. */
export type Diagnostic = {
  readonly code: string
  readonly message: string
  readonly severity: 'error' | 'warning' | 'info'
  /** JSON pointer into the resource. */
  readonly path?: string
  readonly line?: number
  readonly column?: number
}

/** Why a document was refused, with its place (contract §5). */
export type Problem = {
  readonly code: string
  readonly message: string
  readonly file?: string
  readonly line: number
  readonly column: number
  /** JSON pointer into the document; empty for the document itself. */
  readonly path: string
}
