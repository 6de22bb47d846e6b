import type { Position } from '../../model/entry.ts'

/** A step from one position, excluded, to another, included. */
export type Span = { readonly from: Position; readonly to: Position }

/** Which steps changed something for whom: a view, or a proxy. */
export type Concerns = {
  note(whom: object, span: Span): void
  /** True where a remembered step that changed something for `whom` took in `position`. */
  has(whom: object, position: Position): boolean
  /** Lets `whom` remember what `other` does. */
  inherit(whom: object, other: object): void
}

/** The newest are remembered for each. */
const maxSpans = 64

/** Remembers nothing yet, and holds nobody. */
export const createConcerns = (): Concerns => {
  const spansOf = new WeakMap<object, readonly Span[]>()
  const put = (whom: object, spans: readonly Span[]): void => {
    spansOf.set(whom, spans.slice(-maxSpans))
  }
  return {
    note: (whom, span) => put(whom, [...(spansOf.get(whom) ?? []), span]),
    has: (whom, position) =>
      spansOf.get(whom)?.some(({ from, to }) => from < position && position <= to) === true,
    inherit: (whom, other) =>
      put(
        whom,
        [...(spansOf.get(whom) ?? []), ...(spansOf.get(other) ?? [])].sort((a, b) => a.to - b.to),
      ),
  }
}
