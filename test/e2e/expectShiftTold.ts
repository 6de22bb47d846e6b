import { expect } from 'vitest'

/** Sees that what a demo with `--once -o json` has told is a shift of traffic that went where its rules say. */
export const expectShiftTold = (out: string): void => {
  const told = JSON.parse(out)
  expect(told).toEqual({
    envoy: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    requests: 2000,
    expected: { v1: 90, v2: 10 },
    seen: { v1: expect.any(Number), v2: expect.any(Number) },
  })
  expect(Math.abs(told.seen.v1 - 90)).toBeLessThanOrEqual(3)
}
