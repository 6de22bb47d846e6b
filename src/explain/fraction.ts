import { type Json, numberAt, textAt } from './json.ts'

const denominators: Readonly<Record<string, number>> = {
  HUNDRED: 100,
  TEN_THOUSAND: 10_000,
  MILLION: 1_000_000,
}

/** The share, from 0 to 1, that a FractionalPercent (envoy/type/v3/percent.proto) says; 0 where it is absent. */
export const fraction = (percent: Json | undefined): number =>
  Math.min(
    1,
    (numberAt(percent, 'numerator') ?? 0) /
      (denominators[textAt(percent, 'denominator') ?? 'HUNDRED'] ?? 100),
  )

/** A share from 0 to 1 in percent, for people. */
export const percentText = (share: number): string => `${Number((share * 100).toFixed(4))} %`
