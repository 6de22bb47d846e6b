/** The decimal exponent and the whole factor that turn each unit into milliseconds: shifting the decimal point
 *  in the text keeps `1.005s` at 1005 ms, where a multiplication would give 1004.9999999999999. */
const units: Readonly<Record<string, readonly [exponent: number, factor: number]>> = {
  h: [3, 3600],
  m: [3, 60],
  s: [3, 1],
  ms: [0, 1],
  us: [-3, 1],
  µs: [-3, 1],
  ns: [-6, 1],
}

const part = /(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/y

/** The longest duration that protobuf can hold, in milliseconds (google.protobuf.Duration: 10,000 years). */
export const maxDurationMs = 315_576_000_000_000

/** A duration such as `1s`, `250ms`, `1.5s`, `1m30s` or protobuf's `0.250s` in milliseconds, fractions kept;
 *  `undefined` when it is none, is negative or has no unit, is longer than 64 characters or than `maxDurationMs`. */
export const durationMs = (text: string): number | undefined => {
  if (text.length === 0 || text.length > 64) return undefined
  let totalMs = 0
  for (part.lastIndex = 0; part.lastIndex < text.length; ) {
    const found = part.exec(text)
    if (found === null) return undefined
    const [exponent, factor] = units[found[2] ?? ''] ?? [0, Number.NaN]
    totalMs += Number(`${found[1]}e${exponent}`) * factor
  }
  return totalMs <= maxDurationMs ? totalMs : undefined
}
