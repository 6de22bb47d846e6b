import { describe, expect, test } from 'vitest'
import { createStandstill } from '../../src/model/standstill.ts'

describe('how long nothing could run', () => {
  test('B23: a look that is late by less than a turn tells of nothing, a later one of all that it is late by', () => {
    const stoodStillMs = createStandstill(500, 1_000)
    expect([1_500, 2_400, 3_400, 3_900, 9_900].map(stoodStillMs)).toEqual([0, 0, 500, 0, 5_500])
  })
})
