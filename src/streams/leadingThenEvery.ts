import { asyncScheduler, type MonoTypeOperatorFunction, type SchedulerLike, throttleTime } from 'rxjs'

/** Emits the first value at once; while more come within `busyMs`, only the newest, once per `busyMs`. Values between
 *  are dropped: a snapshot holds all that its predecessors held. There is no trailing debounce: the first change after
 *  a quiet time never waits. */
export const leadingThenEvery = <T>(
  busyMs: number,
  scheduler: SchedulerLike = asyncScheduler,
): MonoTypeOperatorFunction<T> => throttleTime(busyMs, scheduler, { leading: true, trailing: true })
