import { TestScheduler } from 'rxjs/testing'
import { expect, test } from 'vitest'
import { leadingThenEvery } from '../../src/streams/leadingThenEvery.ts'

test('S1: the first of a burst goes out at once, then the newest every 5 ms', () =>
  new TestScheduler((seen, wanted) => expect(seen).toEqual(wanted)).run(({ hot, expectObservable }) => {
    const source = hot('    a-b-c-d-e---------f---|')
    expectObservable(source.pipe(leadingThenEvery(5))).toBe('a----c----e-------f---|')
  }))
