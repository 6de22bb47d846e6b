import type { Random } from '../e2e/randomFrom.ts'

/** What a seed decides. */
export type Draw = {
  /** True in `share` of all cases. */
  chance(share: number): boolean
  whole(from: number, to: number): number
  one<T>(from: readonly T[]): T
  /** From `least` to `most` different ones, in the order given. */
  some<T>(from: readonly T[], least: number, most: number): T[]
}

/** Draws from `random`. */
export const drawFrom = (random: Random): Draw => {
  const whole = (from: number, to: number) => from + Math.floor(random() * (to - from + 1))
  const one = <T>(from: readonly T[]): T => from[whole(0, from.length - 1)] as T
  return {
    chance: (share) => random() < share,
    whole,
    one,
    some: (from, least, most) => {
      const wanted = Math.min(from.length, whole(least, most))
      const left = from.map((_, i) => i)
      while (left.length > wanted) left.splice(whole(0, left.length - 1), 1)
      return left.map((i) => from[i] as (typeof from)[number])
    },
  }
}
