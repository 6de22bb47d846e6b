/** Bounds of what is read; whatever lies beyond is refused, never cut. */
export type ReadLimits = {
  /** UTF-8 bytes of one document. */
  readonly documentBytes: number
  /** UTF-8 bytes of all documents of one text together. */
  readonly batchBytes: number
  /** Maps and lists inside one another. */
  readonly depth: number
  /** Aliases of one document, each counted as often as other aliases repeat it. */
  readonly aliases: number
  /** Problems reported of one text; a last one says that there are more. */
  readonly problems: number
}

/** Contract §5; 64 levels and 100 aliases leave hand-written files far behind. */
export const defaultReadLimits: ReadLimits = {
  documentBytes: 1 << 20,
  batchBytes: 16 << 20,
  depth: 64,
  aliases: 100,
  problems: 200,
}
