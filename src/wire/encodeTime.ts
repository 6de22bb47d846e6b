import type { Encode } from './encodeMessage.ts'
import type { Limit } from './limits.ts'
import { report, shown } from './problems.ts'
import { varint, type Writer, writeTag, writeVarint64 } from './writer.ts'

/** Envoy takes no duration that is negative or does not fit 64 bits of nanoseconds (its DurationUtil), whatever the
 *  field. */
const longestDurationS = 9_223_372_036

/** Writes a duration such as `1.5s`; `limit` is told it in seconds. */
export const encodeDuration =
  (limit: Limit<number> | undefined): Encode =>
  (writer, json, problems) => {
    const [, sign, whole = '', fraction = ''] =
      (typeof json === 'string' && /^(-?)(\d{1,12})(?:\.(\d{1,9}))?s$/.exec(json)) || []
    if (whole === '') return report(problems, `expected a duration such as "1.5s", got ${shown(json)}`)
    const seconds = Number(whole)
    const nanos = Number(fraction.padEnd(9, '0'))
    if (sign === '-' && seconds + nanos > 0) return report(problems, `must not be negative, got ${json}`)
    if (seconds > longestDurationS)
      return report(problems, `must be at most ${longestDurationS}s, got ${json}`)
    const problem = limit?.(Number(`${whole}.${fraction}`))
    if (problem !== undefined) report(problems, problem)
    writeSecondsAndNanos(writer, seconds, nanos)
  }

/** Writes an RFC 3339 time. */
export const encodeTimestamp: Encode = (writer, json, problems) => {
  const [, date = '', fraction = '', zone = ''] =
    (typeof json === 'string' &&
      /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(json)) ||
    []
  const ms = Date.parse(date + zone)
  // `Date.parse` moves 31 February to March instead of refusing it.
  const real = !Number.isNaN(ms) && new Date(Date.parse(`${date}Z`)).toISOString().startsWith(date)
  if (!real || ms < -62_135_596_800_000 || ms > 253_402_300_799_000) {
    return report(problems, `expected a time such as "2026-01-31T12:00:00Z", got ${shown(json)}`)
  }
  writeSecondsAndNanos(writer, ms / 1000, Number(fraction.padEnd(9, '0')))
}

const writeSecondsAndNanos = (writer: Writer, seconds: number, nanos: number): void => {
  if (nanos !== 0) {
    writeVarint64(writer, nanos)
    writeTag(writer, 2, varint)
  }
  if (seconds !== 0) {
    writeVarint64(writer, seconds)
    writeTag(writer, 1, varint)
  }
}
