/** What was seen of one Envoy's configuration, request by request. */
export type Observations = {
  /** Notes that a request is sent; what is given back notes the generation that its route named. */
  begin(): (generation: number) => void
  /** The generation that was seen last. */
  newest(): number | undefined
  /** Requests that saw an older configuration than one that had ended before they were sent, by the positions of
   *  generations. Positions of what never came to be are unknown, and are told as well. */
  backwards(positionOf: (generation: number) => number | undefined): readonly string[]
}

export const createObservations = (): Observations => {
  const seen: { readonly generation: number; readonly endedBefore: number }[] = []
  return {
    begin: () => {
      const endedBefore = seen.length
      return (generation) => seen.push({ generation, endedBefore })
    },
    newest: () => seen.at(-1)?.generation,
    backwards: (positionOf) => {
      const newest = [0]
      const wrong: string[] = []
      for (const { generation, endedBefore } of seen) {
        const position = positionOf(generation)
        if (position === undefined) wrong.push(`${generation} is not in the log`)
        else if (position < (newest[endedBefore] ?? 0))
          wrong.push(`${generation} at ${position} after ${newest[endedBefore]}`)
        newest.push(Math.max(newest.at(-1) ?? 0, position ?? 0))
      }
      return wrong
    },
  }
}
